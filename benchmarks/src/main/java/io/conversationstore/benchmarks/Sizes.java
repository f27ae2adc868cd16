package io.conversationstore.benchmarks;

import java.time.Duration;

/**
 * How much is measured, and how often.
 *
 * @param conversations of the large data set
 * @param messagesEach of them
 * @param rounds that count; in each, every side has one slice
 * @param warmUps rounds before, which do not count
 * @param compiling how long each store appends, not forced, before appends are measured
 * @param slice how long a side works in a round
 * @param openings how often the large data set is opened
 * @param depth messages of a long conversation
 */
record Sizes(
    int conversations,
    int messagesEach,
    int rounds,
    int warmUps,
    Duration compiling,
    Duration slice,
    int openings,
    int depth) {

  static final Sizes FULL =
      new Sizes(10_000, 100, 31, 6, Duration.ofSeconds(5), Duration.ofMillis(200), 5, 5_000);
  static final Sizes QUICK =
      new Sizes(200, 10, 2, 1, Duration.ofMillis(30), Duration.ofMillis(30), 2, 200);

  int messages() {
    return conversations * messagesEach;
  }
}
