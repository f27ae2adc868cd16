package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.hybrid.internal.support.Backoff;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Gives live calls priority: while there are any, the drain rests after each batch about as long as
 * the batch took. It is guaranteed half of the time, and has all of it without live calls. Also
 * computes the drain's wait after a failure. {@link #liveCall} and {@link #waitLeft} may be called
 * by any thread, the rest by one at a time.
 */
public final class DrainPace {

  private static final Duration LONGEST_REST = Duration.ofMillis(500);
  private static final Duration STEP = Duration.ofMillis(5);

  /** A wait after a failure and its start; in nanoseconds. */
  private record Wait(long since, long length) {}

  private final Backoff backoff;
  private final NodeScheduler scheduler;
  private final LongAdder calls = new LongAdder();
  private volatile @Nullable Wait wait;
  private long seen;

  /**
   * @param firstWait after a failure; doubled after each further one
   * @param longestWait upper limit of the wait
   */
  public DrainPace(
      RandomGenerator random, Duration firstWait, Duration longestWait, NodeScheduler scheduler) {
    this.backoff = new Backoff(random, firstWait, longestWait);
    this.scheduler = scheduler;
  }

  /** A live call uses the database. */
  public void liveCall() {
    calls.increment();
  }

  /**
   * Rests after a sent batch if there were live calls since the last rest.
   *
   * @param nanos how long the batch took
   * @param shouldContinue ends the rest early
   */
  public void rest(long nanos, BooleanSupplier shouldContinue) {
    backoff.succeeded();
    wait = null;
    long now = calls.sum();
    boolean live = now != seen;
    seen = now;
    if (!live) {
      return;
    }
    long rest = Math.min(backoff.jittered(nanos), LONGEST_REST.toNanos());
    long end = scheduler.nanoTime() + rest;
    for (long left = rest;
        left > 0 && shouldContinue.getAsBoolean();
        left = end - scheduler.nanoTime()) {
      scheduler.pause(Math.min(left, STEP.toNanos()));
    }
  }

  /** Records a failure; returns the wait in milliseconds. */
  public long waitAfterFailure() {
    long since = scheduler.nanoTime();
    long millis = backoff.millis();
    backoff.failed();
    wait = new Wait(since, TimeUnit.MILLISECONDS.toNanos(millis));
    return millis;
  }

  /** The remaining wait after a failure, in milliseconds; 0 if nothing failed. */
  public long waitLeft() {
    Wait present = wait;
    if (present == null) {
      return 0;
    }
    long left = present.length() - (scheduler.nanoTime() - present.since());
    return left <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(left) + 1;
  }
}
