package io.conversationstore.hybrid;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * How long to wait before something that failed is tried again: twice as long after each failure,
 * up to a limit, and a quarter more or less, so that many nodes do not go on at one moment.
 * Thread-safe.
 */
final class Backoff {

  private static final int MOST_DOUBLINGS = 20;

  private final RandomGenerator random;
  private final Duration first;
  private final Duration longest;
  private final AtomicInteger failures = new AtomicInteger();

  Backoff(RandomGenerator random, Duration first, Duration longest) {
    this.random = random;
    this.first = first;
    this.longest = longest;
  }

  /** The next wait is twice as long. */
  void failed() {
    failures.updateAndGet(count -> Math.min(count + 1, MOST_DOUBLINGS));
  }

  /** The next wait is the first one again. */
  void succeeded() {
    failures.set(0);
  }

  /** The present wait, in milliseconds. */
  long millis() {
    return jittered(Math.min(longest.toMillis(), first.toMillis() << failures.get()));
  }

  /** A quarter more or less. */
  long jittered(long time) {
    return time - time / 4 + (long) (random.nextDouble() * time / 2);
  }
}
