package io.conversationstore.hybrid;

import java.util.concurrent.locks.Lock;

/**
 * What works beside the calls of a node, and what its threads wait on: {@link ThreadClockwork} in
 * production; an event loop with a time of its own in a simulation, which decides who goes on. No
 * thread of a node waits otherwise while it, or another one that it waits for, asks a store.
 * Thread-safe.
 */
interface Clockwork {

  /** The time that passes, from any start. */
  long nanoTime();

  /**
   * Runs a task later, beside the calls. After {@link #stop} it is not run.
   *
   * @param millis 0 for soon
   */
  void schedule(Runnable task, long millis);

  /** Runs a task again and again, each time so long after it has ended, until {@link #stop}. */
  void repeat(Runnable task, long millis);

  /** Runs what tells listeners, one after the other, in the order given. */
  void tell(Runnable event);

  /** Waits; may return early. */
  void pause(long nanos);

  /** Takes a lock, waiting for it if it must. */
  void take(Lock lock);

  /** Begins no further task, and interrupts those that run. */
  void stop();

  /** Waits for a bounded time until tasks have ended; returns whether they have. */
  boolean awaitEnd();
}
