package io.conversationstore.hybrid.internal.support;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Daemon threads: one each for the drain, the feed and the probe, which may wait for a silent
 * database; one for short tasks; one for listener notifications. Thread-safe.
 */
public final class ThreadScheduler implements NodeScheduler {

  private static final Logger LOG = LoggerFactory.getLogger(ThreadScheduler.class);

  private static final int PUMPS = 4;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final ScheduledExecutorService pumps =
      Executors.newScheduledThreadPool(PUMPS, daemon("conversation-store-pump"));
  private final ExecutorService events =
      Executors.newSingleThreadExecutor(daemon("conversation-store-events"));

  private static ThreadFactory daemon(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public void schedule(Runnable task, long millis) {
    try {
      ScheduledFuture<?> unused =
          pumps.schedule(() -> runLogged(task), millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closing) {
      LOG.debug("The store is closing; a task is skipped", closing);
    }
  }

  @Override
  public void repeat(Runnable task, long millis) {
    ScheduledFuture<?> unused =
        pumps.scheduleWithFixedDelay(
            () -> runLogged(task), millis, Math.max(1, millis), TimeUnit.MILLISECONDS);
  }

  /** An exception rethrown here would silently end a repetition. */
  private static void runLogged(Runnable task) {
    try {
      task.run();
    } catch (Error e) {
      LOG.error("A background task failed with an error; it is restarted", e);
    }
  }

  @Override
  public void dispatch(Runnable event) {
    try {
      events.execute(event);
    } catch (RejectedExecutionException closing) {
      LOG.debug("The store is closing; a task is skipped", closing);
    }
  }

  @Override
  public void pause(long nanos) {
    LockSupport.parkNanos(nanos);
  }

  @Override
  public void acquire(Lock lock) {
    lock.lock();
  }

  @Override
  public void stop() {
    pumps.shutdownNow();
    events.shutdown();
  }

  @Override
  public boolean awaitEnd() {
    try {
      return pumps.awaitTermination(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
