package io.conversationstore.benchmarks;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Kind;
import io.conversationstore.benchmarks.Subject.Setup;
import io.conversationstore.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Opening the large data set, with and without a checkpoint, against Jackson and the others. */
final class OpenLine implements Line {

  private static final String CHECKPOINT = "checkpoint";
  private static final String SEGMENT = "log-";

  @Override
  public String name() {
    return "open";
  }

  @Override
  public void run(Bench bench) throws Exception {
    Path directory = bench.large(bench.store());
    // Closing writes it anew, so whichever side comes before leaves one behind.
    boolean checkpoints = !files(directory, CHECKPOINT).isEmpty();
    Interleaved sides = new Interleaved();
    sides.side(
        "with-checkpoint",
        () -> {
          if (checkpoints && files(directory, CHECKPOINT).isEmpty()) {
            throw new IllegalStateException("closing wrote no checkpoint");
          }
          return open(bench.store(), directory);
        });
    sides.side(
        "without-checkpoint",
        () -> {
          deleteCheckpoints(directory);
          return open(bench.store(), directory);
        });
    sides.side("jackson-tokens", () -> parse(directory));
    for (Kind rival : bench.rivals()) {
      Path other = bench.large(rival);
      sides.side(rival.name(), () -> open(rival, other));
    }
    sides.run(1, bench.sizes().openings());
    sides.figures(bench.report(), name(), "s");
    report(bench, sides, directory, checkpoints);
  }

  private void report(Bench bench, Interleaved sides, Path directory, boolean checkpoints)
      throws IOException {
    Report report = bench.report();
    report.figure("open.log", Bench.size(directory, SEGMENT) / 1e6, "MB of lines");
    if (!checkpoints) {
      report.note("open: this version of the store writes no checkpoint");
    }
    report.ratio(
        "open-scan-vs-jackson",
        sides.ratio("jackson-tokens", "without-checkpoint"),
        Target.atLeast(0.5));
    report.ratio("open-with-checkpoint-seconds", sides.median("with-checkpoint"), Target.atMost(1));
    for (Kind rival : bench.rivals()) {
      report.ratio(
          "open-vs-" + rival.name(),
          sides.ratio(rival.name(), "with-checkpoint"),
          Target.atLeast(1),
          "it opens a file without reading it and pays at each read, a page at a time; this store"
              + " reads its index into memory, so that a read touches content alone");
    }
  }

  /** Until the first answer, so that a store which puts its work off does not win by that. */
  private static double open(Kind kind, Path directory) throws Exception {
    long start = System.nanoTime();
    try (Subject subject = kind.open(directory, Setup.USUAL)) {
      if (subject.last20(0) == 0) {
        throw new IllegalStateException(kind.name() + " opened without its messages");
      }
      return (System.nanoTime() - start) / 1e9;
    }
  }

  private static void deleteCheckpoints(Path directory) throws IOException {
    for (Path file : files(directory, CHECKPOINT)) {
      Files.delete(file);
    }
  }

  private static List<Path> files(Path directory, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith(prefix))
          .sorted()
          .toList();
    }
  }

  /** Every token of every line, without making trees: the least that parsing costs. */
  private static double parse(Path directory) throws IOException {
    long start = System.nanoTime();
    long objects = 0;
    for (Path file : files(directory, SEGMENT)) {
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
          JsonParser parser = Json.parser(in)) {
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
          objects += token == JsonToken.START_OBJECT ? 1 : 0;
        }
      }
    }
    if (objects == 0) {
      throw new IllegalStateException("there was nothing to parse");
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
