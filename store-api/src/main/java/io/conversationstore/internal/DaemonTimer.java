package io.conversationstore.internal;

import io.conversationstore.spi.JobTimer;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two daemon threads: one for a job, which may take long, and one for the renewal of its claim.
 * They start with the first task. Thread-safe.
 */
public final class DaemonTimer implements JobTimer {

  private static final int THREADS = 2;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final ScheduledThreadPoolExecutor executor;

  /** A timer that has not started its threads. */
  public DaemonTimer() {
    AtomicInteger count = new AtomicInteger();
    executor =
        new ScheduledThreadPoolExecutor(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "conversation-store-job-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void schedule(Runnable task, Duration delay) {
    try {
      ScheduledFuture<?> unused = executor.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException stopped) {
      // The store closes.
    }
  }

  @Override
  public void stop() {
    executor.shutdown();
  }

  @Override
  public boolean awaitEnd() {
    try {
      return executor.awaitTermination(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
