package io.conversationstore.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and {@code kill}: asks the command to end at its next whole step, and holds the end of the
 * process until the command has closed its store and removed its temporary file. Thread-safe.
 */
final class Interruption {

  /** The longest wait for a command that does not reach its next step. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean requested;

  /** From now on, signals end the command at its next step. */
  void watchSignals() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::onShutdown, "conversations-end"));
  }

  private void onShutdown() {
    if (ended.getCount() == 0) {
      return;
    }
    requested = true;
    try {
      if (!ended.await(LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS)) {
        System.err.println("conversations: ended before the command reached a whole step");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks the command to end. */
  void request() {
    requested = true;
  }

  boolean isRequested() {
    return requested;
  }

  /**
   * Called by commands between two steps.
   *
   * @throws InterruptedRunException if the user asked for the end
   */
  void check() {
    if (requested) {
      throw new InterruptedRunException("interrupted");
    }
  }

  /** The command has ended: the process may end too. */
  void ended() {
    ended.countDown();
  }
}
