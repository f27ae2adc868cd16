package io.conversationstore.testkit;

import io.conversationstore.spi.JobTimer;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A timer whose time stands still until a test moves it; tasks run on the thread of the test, in
 * the order of their times. Safe for use by many threads, but one moves the time.
 */
public final class ManualTimer implements JobTimer {

  private record Task(Runnable work, Duration at, long number) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparing(Task::at).thenComparing(Task::number));
  private Duration now = Duration.ZERO;
  private long scheduled;
  private boolean stopped;

  /** A timer without tasks. */
  public ManualTimer() {}

  @Override
  public synchronized void schedule(Runnable task, Duration delay) {
    if (!stopped) {
      tasks.add(new Task(task, now.plus(delay), scheduled++));
    }
  }

  /** Moves the time on, and runs all tasks that become due. */
  public void advance(Duration by) {
    Duration until = now().plus(by);
    for (Task task = next(until); task != null; task = next(until)) {
      task.work().run();
    }
  }

  private synchronized Duration now() {
    return now;
  }

  private synchronized @Nullable Task next(Duration until) {
    Task first = tasks.peek();
    if (first == null || first.at().compareTo(until) > 0) {
      now = until;
      return null;
    }
    now = first.at();
    return tasks.poll();
  }

  /** Whether no task waits. */
  public synchronized boolean isIdle() {
    return tasks.isEmpty();
  }

  @Override
  public synchronized void stop() {
    stopped = true;
    tasks.clear();
  }

  @Override
  public boolean awaitEnd() {
    return true;
  }
}
