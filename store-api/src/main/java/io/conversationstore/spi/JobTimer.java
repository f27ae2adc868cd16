package io.conversationstore.spi;

import java.time.Duration;

/** Runs the periodic jobs of a store later, in the background. Thread-safe. */
public interface JobTimer {

  /** Runs a task once, after this delay. Ignored after {@link #stop}. */
  void schedule(Runnable task, Duration delay);

  /** Starts no further tasks; the running ones continue. */
  void stop();

  /** Waits for a bounded time until the running tasks have ended; returns whether they did. */
  boolean awaitEnd();
}
