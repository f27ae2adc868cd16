package io.conversationstore.examples.chat.story;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for something that only a question can show. */
public final class Wait {

  private static final long LONGEST_NANOS = Duration.ofMinutes(5).toNanos();
  private static final long BETWEEN_NANOS = Duration.ofMillis(50).toNanos();

  private Wait() {}

  /**
   * Asks until the answer is true.
   *
   * @throws IllegalStateException if it does not become true
   */
  public static void until(String what, Callable<Boolean> question) throws Exception {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    while (!question.call()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("waited in vain until " + what);
      }
      LockSupport.parkNanos(BETWEEN_NANOS);
    }
  }
}
