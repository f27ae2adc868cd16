package io.conversationstore.hybrid.internal.support;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * The wait before a failed action is retried: doubled after each failure up to a limit, with a
 * quarter of jitter either way, to keep many nodes from retrying at the same moment. Thread-safe.
 */
public final class Backoff {

  private static final int MOST_DOUBLINGS = 20;

  private final RandomGenerator random;
  private final Duration first;
  private final Duration longest;
  private final AtomicInteger failures = new AtomicInteger();

  public Backoff(RandomGenerator random, Duration first, Duration longest) {
    this.random = random;
    this.first = first;
    this.longest = longest;
  }

  /** Doubles the next wait. */
  public void failed() {
    failures.updateAndGet(count -> Math.min(count + 1, MOST_DOUBLINGS));
  }

  /** Resets the next wait to the first one. */
  public void succeeded() {
    failures.set(0);
  }

  /** The present wait, in milliseconds. */
  public long millis() {
    return jittered(Math.min(longest.toMillis(), first.toMillis() << failures.get()));
  }

  /** Adds or subtracts up to a quarter. */
  public long jittered(long time) {
    return time - time / 4 + (long) (random.nextDouble() * time / 2);
  }
}
