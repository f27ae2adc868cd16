package io.conversationstore.hybrid;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Lets live calls go first: while there are any, the drain rests after each batch about as long as
 * the batch took, so that it has half of the time for certain and all of it when nobody calls. Also
 * says how long the drain waits after a failure. {@link #liveCall} may be called by any thread, the
 * rest by one at a time.
 */
final class DrainPace {

  private static final Duration LONGEST_REST = Duration.ofMillis(500);
  private static final Duration STEP = Duration.ofMillis(5);

  private final RandomGenerator random;
  private final Duration firstWait;
  private final Duration longestWait;
  private final Clockwork clockwork;
  private final LongAdder calls = new LongAdder();
  private long seen;
  private int failures;

  /**
   * @param firstWait after a failure; twice as long after each further one
   * @param longestWait at most this long
   */
  DrainPace(RandomGenerator random, Duration firstWait, Duration longestWait, Clockwork clockwork) {
    this.random = random;
    this.firstWait = firstWait;
    this.longestWait = longestWait;
    this.clockwork = clockwork;
  }

  /** Somebody asks the database for something. */
  void liveCall() {
    calls.increment();
  }

  /**
   * Rests after a batch, if there were live calls since the last one.
   *
   * @param nanos how long the batch took
   * @param goOn ends the rest early
   */
  void rest(long nanos, BooleanSupplier goOn) {
    failures = 0;
    long now = calls.sum();
    boolean live = now != seen;
    seen = now;
    if (!live) {
      return;
    }
    long rest = Math.min(jittered(nanos), LONGEST_REST.toNanos());
    long end = clockwork.nanoTime() + rest;
    for (long left = rest; left > 0 && goOn.getAsBoolean(); left = end - clockwork.nanoTime()) {
      clockwork.pause(Math.min(left, STEP.toNanos()));
    }
  }

  /** How long to wait after a failure, in milliseconds. */
  long waitAfterFailure() {
    int doubled = Math.min(failures++, 20);
    return jittered(Math.min(longestWait.toMillis(), firstWait.toMillis() << doubled));
  }

  /** A quarter up or down, so that many nodes do not go on at one moment. */
  private long jittered(long time) {
    return time - time / 4 + (long) (random.nextDouble() * time / 2);
  }
}
