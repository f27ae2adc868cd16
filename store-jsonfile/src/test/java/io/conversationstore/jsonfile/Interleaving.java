package io.conversationstore.jsonfile;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Reorders the threads of one engine at their file calls: a thread about to call waits, depending
 * on a seed, until others have made some calls. It continues when no other thread can make one.
 * Thread-safe.
 */
final class Interleaving {
  private static final int MOST_CALLS = 6;
  private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(20);

  /**
   * A waiting thread continues after this many looks in a row that found no other thread running.
   */
  private static final int LOOKS = 8;

  private final Random random;
  private final int oneIn;
  private final Set<Thread> threads = new HashSet<>();
  private boolean held;
  private long calls;

  /**
   * @param oneIn the thread waits at one call in this many
   */
  Interleaving(long seed, int oneIn) {
    this.random = new Random(seed);
    this.oneIn = oneIn;
  }

  /** Adds a thread that uses the engine but makes no file calls itself. */
  synchronized void with(Thread caller) {
    threads.add(caller);
  }

  /** May wait for others. Called on the calling thread, which holds no lock. */
  void beforeCall() {
    long until = begin();
    if (until == 0) {
      return;
    }
    int idle = 0;
    while (idle < LOOKS && !isReached(until)) {
      idle = isAnotherRunning() ? 0 : idle + 1;
      LockSupport.parkNanos(POLL_NANOS);
    }
    end();
  }

  /** The number of the call to wait for, or 0. One thread waits at a time. */
  private synchronized long begin() {
    threads.add(Thread.currentThread());
    calls++;
    if (held || random.nextInt(oneIn) > 0) {
      return 0;
    }
    held = true;
    return calls + 1 + random.nextInt(MOST_CALLS);
  }

  private synchronized boolean isReached(long call) {
    return calls >= call;
  }

  private synchronized void end() {
    held = false;
  }

  private synchronized boolean isAnotherRunning() {
    threads.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
    return threads.stream()
        .anyMatch(
            thread ->
                thread != Thread.currentThread() && thread.getState() == Thread.State.RUNNABLE);
  }
}
