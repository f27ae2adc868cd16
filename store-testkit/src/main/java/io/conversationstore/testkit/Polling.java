package io.conversationstore.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits, for a bounded time, for conditions without an event. */
final class Polling {

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private Polling() {}

  /**
   * Evaluates the condition about every 5 ms until it is true.
   *
   * @return the last result; false on timeout, or on interruption with the interrupt flag kept set
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
