package io.conversationstore.benchmarks;

import io.conversationstore.ConversationUpdate;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Setup;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * What compaction does to writers: the same appends and the same garbage (metadata of 32 KB that is
 * replaced again and again beside them) in a store that collects it and in one that does not.
 */
final class CompactionLine implements Line {

  private static final int WRITERS = 4;
  private static final String REPLACED = "replaced again and again ".repeat(1_300);

  /** The store collects when half of it is garbage: of the large data set this part is live. */
  private static final int LIVE_SHARE = 20;

  private static final long SEGMENT = 1 << 20;

  /** Compactions need long slices, so there are fewer of them. */
  private static final int MOST_ROUNDS = 15;

  @Override
  public String name() {
    return "compaction";
  }

  @Override
  public void run(Bench bench) throws Exception {
    Sizes sizes = bench.sizes();
    Path collecting = bench.directory("collecting");
    Path keeping = bench.directory("keeping");
    // Little garbage is enough to begin, so that each slice sees several compactions.
    long threshold = sizes.equals(Sizes.QUICK) ? 64 << 10 : 4L << 20;
    try (Subject with = open(collecting, threshold);
        Subject without = open(keeping, Long.MAX_VALUE);
        Load load = new Load(WRITERS + 1)) {
      for (Subject subject : new Subject[] {with, without}) {
        subject.load(0, sizes.conversations() / LIVE_SHARE, sizes.messagesEach(), bench.texts());
      }
      long before = firstSegment(collecting);
      Duration slice = sizes.slice().multipliedBy(10);
      Interleaved sides = new Interleaved();
      double[] longest = new double[2];
      sides.side("with", () -> p99(bench, load, with, slice, longest, 0));
      sides.side("without", () -> p99(bench, load, without, slice, longest, 1));
      sides.run(1, Math.min(sizes.rounds(), MOST_ROUNDS));
      sides.figures(bench.report(), name() + "-p99", "ms");
      bench.report().figure(name() + "-longest.with", longest[0], "ms, of all rounds");
      bench.report().figure(name() + "-longest.without", longest[1], "ms, of all rounds");
      if (firstSegment(collecting) == before) {
        bench.report().note("compaction: none happened, so there is no ratio");
      } else {
        bench.report().ratio("compaction-p99", sides.ratio("with", "without"), Target.atMost(2));
      }
    }
  }

  private static Subject open(Path directory, long compactionBytes) {
    JsonFileOptions options =
        JsonFileSubject.options(directory, Setup.USUAL)
            // Whether there is enough garbage is looked at when a segment is full.
            .withSegmentBytes(SEGMENT)
            .withCompactionBytes(compactionBytes);
    return new JsonFileSubject(JsonFileStore.open(options), options.directory());
  }

  private static double p99(
      Bench bench, Load load, Subject subject, Duration slice, double[] longest, int side)
      throws Exception {
    int conversations = bench.sizes().conversations() / LIVE_SHARE;
    Latencies latencies = new Latencies();
    load.run(
        slice,
        (thread, number) -> {
          if (thread == WRITERS) {
            garbage(subject, number);
          } else {
            long start = System.nanoTime();
            subject.append((int) (number % conversations), bench.texts().text(number));
            latencies.add(System.nanoTime() - start);
          }
        });
    longest[side] = Math.max(longest[side], latencies.percentileMillis(1));
    return latencies.percentileMillis(0.99);
  }

  /** Not by deletes: what stays of a deleted message for 30 days is no smaller than most are. */
  private static void garbage(Subject subject, long number) {
    ((JsonFileSubject) subject)
        .store()
        .update(
            JsonFileSubject.owner(0),
            JsonFileSubject.id(0),
            ConversationUpdate.touch().withMetadata(Map.of("number", number, "text", REPLACED)));
  }

  /** Moves on with each compaction. */
  private static long firstSegment(Path directory) throws IOException {
    return Json.parse(Files.readString(directory.resolve("store.json")))
        .path("first_segment")
        .asLong();
  }
}
