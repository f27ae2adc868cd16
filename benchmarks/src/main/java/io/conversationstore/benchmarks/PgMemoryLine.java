package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import java.util.List;
import java.util.stream.LongStream;

/** Appending to, and reading the end of, a conversation of a length, beside other memories. */
final class PgMemoryLine implements Line {

  /** Messages of all conversations of a memory: so that few appends make none much longer. */
  private static final int MESSAGES = 20_000;

  private final int length;

  PgMemoryLine(int length) {
    this.length = length;
  }

  @Override
  public String name() {
    return "memory-" + length;
  }

  @Override
  public void run(Bench bench) throws Exception {
    // Where a turn of one takes a good part of a second, fewer turns tell as much.
    int rounds = Math.max(2, bench.sizes().rounds() / 3);
    int conversations =
        Math.max(2, Math.min(MESSAGES / length, bench.sizes().conversations() / 10));
    List<PgMemory> memories = PgMemory.all(PgServer.of(bench));
    try (Load load = new Load(1)) {
      Interleaved appends = new Interleaved();
      Interleaved reads = new Interleaved();
      for (PgMemory memory : memories) {
        for (int i = 0; i < conversations; i++) {
          long first = (long) i * length;
          memory.load(
              "c" + i,
              LongStream.range(first, first + length).mapToObj(bench.texts()::text).toList());
        }
        appends.side(
            memory.name(),
            () ->
                micros(
                    bench,
                    load,
                    number ->
                        memory.append("c" + number % conversations, bench.texts().text(number))));
        reads.side(
            memory.name(),
            () -> micros(bench, load, number -> read(memory, "c" + number % conversations)));
      }
      compare(bench, "append", appends, rounds);
      compare(bench, "last-20", reads, rounds);
    } finally {
      memories.forEach(PgMemory::close);
    }
  }

  private void compare(Bench bench, String what, Interleaved sides, int rounds) throws Exception {
    sides.run(Math.min(2, bench.sizes().warmUps()), rounds);
    String line = what + "-at-" + length;
    sides.figures(bench.report(), line, "µs");
    for (String rival : List.of("spring-ai", "langchain4j")) {
      bench
          .report()
          .ratio(line + "-vs-" + rival, sides.ratio(PgStoreMemory.NAME, rival), Target.atMost(1));
    }
  }

  private void read(PgMemory memory, String conversation) throws Exception {
    if (memory.last20(conversation) < Math.min(20, length)) {
      throw new IllegalStateException(memory.name() + " reads too few messages");
    }
  }

  /** Something done once. */
  @FunctionalInterface
  private interface Work {
    void run(long number) throws Exception;
  }

  private static double micros(Bench bench, Load load, Work work) throws Exception {
    return 1_000
        * load.run(bench.sizes().slice(), (thread, number) -> work.run(number))
            .percentileMillis(0.5);
  }
}
