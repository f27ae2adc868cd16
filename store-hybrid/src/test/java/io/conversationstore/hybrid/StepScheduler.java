package io.conversationstore.hybrid;

import io.conversationstore.hybrid.internal.support.NodeScheduler;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/**
 * Tasks that run when a test advances time, one after the other on the test's thread. Not
 * thread-safe.
 */
final class StepScheduler implements NodeScheduler {

  private record Task(long at, long order, Runnable action) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::order));
  private long now;
  private long order;
  private boolean stopped;

  /** Advances time, and runs the tasks due meanwhile. */
  void pass(long millis) {
    long end = now + TimeUnit.MILLISECONDS.toNanos(millis);
    for (Task next = tasks.peek(); next != null && next.at() <= end; next = tasks.peek()) {
      tasks.remove(next);
      now = Math.max(now, next.at());
      next.action().run();
    }
    now = Math.max(now, end);
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void schedule(Runnable task, long millis) {
    if (!stopped) {
      tasks.add(new Task(now + TimeUnit.MILLISECONDS.toNanos(millis), order++, task));
    }
  }

  @Override
  public void repeat(Runnable task, long millis) {
    schedule(
        () -> {
          task.run();
          repeat(task, millis);
        },
        millis);
  }

  @Override
  public void dispatch(Runnable event) {
    event.run();
  }

  @Override
  public void pause(long nanos) {
    now += nanos;
  }

  @Override
  public void acquire(Lock lock) {
    lock.lock();
  }

  @Override
  public void stop() {
    stopped = true;
    tasks.clear();
  }

  @Override
  public boolean awaitEnd() {
    return true;
  }
}
