package io.conversationstore.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits, for a bounded time, for things that send no event. */
final class Polling {

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private Polling() {}

  /**
   * Asks about every 5 ms until the answer is yes.
   *
   * @return the last answer; false when the time is over or the thread was interrupted, whose
   *     interrupt flag stays set
   */
  static boolean until(Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
        return condition.getAsBoolean();
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
    return true;
  }
}
