package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Options.UsageException;
import io.conversationstore.benchmarks.Suites.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The benchmarks' command line; see {@link Options#USAGE}. */
public final class Benchmarks {

  private Benchmarks() {}

  /** Runs a suite. A target that is missed is a result, no error. */
  public static void main(String[] arguments) throws Exception {
    List<String> given = List.of(arguments);
    if (given.contains("--help")) {
      System.out.println(Options.USAGE);
      return;
    }
    try {
      boolean list = given.contains("--list");
      Options options =
          Options.parse(
              given.stream().filter(each -> !each.equals("--list")).toArray(String[]::new));
      Suite suite = Suites.of(options.suite());
      List<Line> lines = suite.only(options.only());
      if (list) {
        lines.forEach(line -> System.out.println(line.name()));
      } else {
        run(options, suite, lines, new Report(System.out));
      }
    } catch (UsageException e) {
      System.err.println(e.getMessage());
      System.err.println(Options.USAGE);
      System.exit(2);
    }
  }

  static void run(Options options, Suite suite, List<Line> lines, Report report) throws Exception {
    Path data = options.data();
    Texts texts = data == null ? Texts.generated() : Texts.of(data);
    Sizes sizes = options.quick() ? Sizes.QUICK : Sizes.FULL;
    Files.createDirectories(options.directory());
    Path root = Files.createTempDirectory(options.directory(), "run-");
    try (Bench bench = new Bench(suite.store(), suite.rivals(), sizes, texts, report, root)) {
      describe(report, sizes, texts, root);
      Profiler profiler = options.profile() ? new Profiler(options.directory(), report) : null;
      for (Line line : lines) {
        run(line, bench, profiler);
      }
      report.end();
    } finally {
      Bench.delete(root);
    }
  }

  private static void run(Line line, Bench bench, @Nullable Profiler profiler) throws Exception {
    long start = System.nanoTime();
    if (profiler == null) {
      line.run(bench);
    } else {
      profiler.run(line, bench);
    }
    bench.report().figure(line.name() + ".took", (System.nanoTime() - start) / 1e9, "s");
  }

  private static void describe(Report report, Sizes sizes, Texts texts, Path root)
      throws IOException {
    Runtime runtime = Runtime.getRuntime();
    report.note(
        "machine: "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch")
            + ", "
            + runtime.availableProcessors()
            + " processors, Java "
            + System.getProperty("java.vm.version")
            + ", heap "
            + (runtime.maxMemory() >> 20)
            + " MiB, file system "
            + Files.getFileStore(root).type());
    report.note(
        "sizes: "
            + sizes.messages()
            + " messages in "
            + sizes.conversations()
            + " conversations; "
            + sizes.warmUps()
            + " warm-up rounds and "
            + sizes.rounds()
            + " rounds of "
            + sizes.slice().toMillis()
            + " ms a side, "
            + sizes.openings()
            + " openings; texts: "
            + texts);
    if (sizes.equals(Sizes.QUICK)) {
      report.note("quick: these figures show that the run works and nothing else");
    }
  }
}
