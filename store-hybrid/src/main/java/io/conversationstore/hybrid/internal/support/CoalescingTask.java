package io.conversationstore.hybrid.internal.support;

import java.util.concurrent.atomic.AtomicInteger;

/** Runs a task, never twice at once; a run requested meanwhile follows. Thread-safe. */
public final class CoalescingTask {

  private final Runnable task;
  private final AtomicInteger asked = new AtomicInteger();

  public CoalescingTask(Runnable task) {
    this.task = task;
  }

  public void run() {
    if (asked.getAndIncrement() > 0) {
      return;
    }
    boolean done = false;
    try {
      int served;
      do {
        served = asked.get();
        task.run();
      } while (asked.addAndGet(-served) > 0);
      done = true;
    } finally {
      if (!done) {
        asked.set(0);
      }
    }
  }
}
