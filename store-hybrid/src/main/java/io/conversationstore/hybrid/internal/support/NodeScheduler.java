package io.conversationstore.hybrid.internal.support;

import java.util.concurrent.locks.Lock;

/**
 * The background tasks of a node and all waits of its threads: {@link ThreadScheduler} in
 * production; in a simulation, an event loop with its own time that decides which task continues.
 * Threads of a node wait in no other way while they, or a thread they wait for, call a store.
 * Thread-safe.
 */
public interface NodeScheduler {

  /** Elapsed time from an arbitrary origin. */
  long nanoTime();

  /**
   * Runs a task later, in the background. Ignored after {@link #stop}.
   *
   * @param millis 0 for soon
   */
  void schedule(Runnable task, long millis);

  /** Repeats a task until {@link #stop}, each time after this delay from its last end. */
  void repeat(Runnable task, long millis);

  /** Runs listener notifications one after the other, in the order given. */
  void dispatch(Runnable event);

  /** Waits; may return early. */
  void pause(long nanos);

  /** Takes a lock, waiting if necessary. */
  void acquire(Lock lock);

  /** Starts no further tasks and interrupts the running ones. */
  void stop();

  /** Waits for a bounded time until tasks have ended; returns whether they did. */
  boolean awaitEnd();
}
