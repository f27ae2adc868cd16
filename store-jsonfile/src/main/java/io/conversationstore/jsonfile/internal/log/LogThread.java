package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.Durability;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. Callers submit work and wait; work that arrives together is made
 * durable with one force. The waiting work is bounded in bytes: further callers block until space
 * is free, first come, first served. Interrupting a waiting caller only sets the caller's interrupt
 * flag. Thread-safe.
 */
public final class LogThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogThread.class);
  private static final int PIECE = 1 << 10;
  private static final Duration IDLE = Duration.ofSeconds(1);

  /** When the caller continues. */
  public enum Wait {
    /** When the work is written. */
    WRITTEN,
    /** When the work is as durable as the store's setting requires. */
    SETTING,
    /** When the work is on the disk. */
    FORCED
  }

  /** Work for the log thread. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  private final LogTail tail;
  private final Durability durability;
  private final long intervalNanos;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();

  /** Accepts work until the thread is about to force it. Guarded by the lock. */
  private LogBatch queue = new LogBatch();

  /** Guarded by the lock. */
  private boolean closed;

  /**
   * Free space in the queue, in pieces of {@link #PIECE} bytes; the longest waiter gets it first.
   */
  private final Semaphore room;

  private final int allRoom;
  private boolean stopped;
  private long oldestUnforced;

  /**
   * @param queueBytes the most bytes waiting or in progress
   * @param threads makes the thread
   */
  public LogThread(
      LogTail tail,
      Durability durability,
      Duration interval,
      long queueBytes,
      Function<Runnable, Thread> threads) {
    this.tail = tail;
    this.durability = durability;
    this.intervalNanos = (durability == Durability.INTERVAL ? interval : IDLE).toNanos();
    this.allRoom = (int) (queueBytes / PIECE);
    this.room = new Semaphore(allRoom, true);
    this.thread = threads.apply(this::loop);
  }

  public void start() {
    thread.start();
  }

  /** Runs work without content on the thread and waits for it. */
  public <T> T call(Wait wait, Work<T> work) {
    return call(wait, 0, work);
  }

  /**
   * Waits for space in the queue, runs work on the thread, and waits for it. An interrupt ends
   * neither wait.
   *
   * @param bytes that the work keeps in memory until it is done
   */
  public <T> T call(Wait wait, long bytes, Work<T> work) {
    int permits = (int) Math.min(allRoom, (bytes + PIECE - 1) / PIECE);
    boolean waitsForDisk =
        wait == Wait.FORCED || (wait == Wait.SETTING && durability == Durability.EACH_WRITE);
    LogBatch.Task<T> task = new LogBatch.Task<>(stoppingAtErrors(work), waitsForDisk, permits);
    if (permits > 0) {
      // Work that needs no space does not wait behind work that does.
      room.acquireUninterruptibly(permits);
    }
    LogBatch batch = null;
    try {
      batch = add(task, false);
    } finally {
      if (batch == null) {
        room.release(permits);
      }
    }
    if (batch == null) {
      throw new IllegalStateException("the store is closed");
    }
    return batch.await(task);
  }

  /** Returns the batch that the task joined; null if the store is closed. */
  private @Nullable LogBatch add(LogBatch.Task<?> task, boolean closes) {
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      closed = closes;
      queue.add(task);
      added.signal();
      return queue;
    } finally {
      lock.unlock();
    }
  }

  /** The bytes waiting or in progress, in whole pieces. */
  long queuedBytes() {
    return (long) (allRoom - room.availablePermits()) * PIECE;
  }

  private void loop() {
    while (!stopped) {
      try {
        runNext();
      } catch (Error e) {
        // After memory has run out, logging would need memory too.
        tail.breakDownMidway();
      }
    }
  }

  private void runNext() {
    LogBatch batch = next();
    try {
      runAll(batch);
    } catch (RuntimeException e) {
      // No caller may be left waiting, whatever failed; earlier answers stay.
      seal(batch);
      batch.fail(() -> unavailable(e));
    } catch (Error e) {
      batch.doom();
      throw e;
    } finally {
      room.release(batch.permits());
      batch.end();
    }
  }

  /** An error of the JVM affects only its caller, unless it interrupted a write. */
  private <T> Work<T> stoppingAtErrors(Work<T> work) {
    return () -> {
      try {
        return work.run();
      } catch (Error e) {
        tail.breakDownMidway();
        throw e;
      }
    };
  }

  /** Waits for work, or until a force is due. */
  private LogBatch next() {
    boolean mayIdle = tail.isForced() || tail.broken() != null || durability == Durability.SYSTEM;
    lock.lock();
    try {
      long nanos = mayIdle ? Long.MAX_VALUE : untilDue();
      while (queue.isEmpty() && nanos > 0) {
        try {
          nanos = added.awaitNanos(nanos);
        } catch (InterruptedException e) {
          LOG.warn("The thread of the log was interrupted; it continues");
        }
      }
      return queue;
    } finally {
      lock.unlock();
    }
  }

  /** The work added since the last call; seals the batch if there is none. */
  private List<LogBatch.Task<?>> takeOrSeal(LogBatch batch) {
    lock.lock();
    try {
      List<LogBatch.Task<?>> more = batch.take();
      if (more.isEmpty()) {
        seal(batch);
      }
      return more;
    } finally {
      lock.unlock();
    }
  }

  /** Later work joins the next batch. */
  private void seal(LogBatch batch) {
    lock.lock();
    try {
      if (queue == batch) {
        queue = new LogBatch();
      }
    } finally {
      lock.unlock();
    }
  }

  private long untilDue() {
    return Math.max(0, oldestUnforced + intervalNanos - System.nanoTime());
  }

  /**
   * Work that arrives while the batch runs joins it, and the same force covers it. The batch is
   * bounded because each caller waits for its end before submitting more.
   */
  private void runAll(LogBatch batch) {
    boolean wasForced = tail.isForced();
    boolean waits = false;
    List<LogBatch.Task<?>> more = takeOrSeal(batch);
    while (!more.isEmpty()) {
      waits |= LogBatch.run(more);
      more = takeOrSeal(batch);
    }
    if (wasForced && !tail.isForced()) {
      oldestUnforced = System.nanoTime();
    }
    acknowledgeWritten(batch);
    boolean due =
        !tail.isForced()
            && tail.broken() == null
            && durability != Durability.SYSTEM
            && untilDue() == 0;
    try {
      if (waits || due) {
        tail.force();
      }
    } catch (RuntimeException e) {
      batch.fail(() -> unavailable(e));
      if (!waits) {
        LOG.error("The fsync of written lines failed", e);
        oldestUnforced = System.nanoTime();
      }
    }
  }

  /** Checks that the file still exists: with this durability no force would notice. */
  private void acknowledgeWritten(LogBatch batch) {
    try {
      if (batch.hasWritten() && !tail.isForced() && tail.broken() == null) {
        tail.requireNamed();
      }
      batch.succeedWritten();
    } catch (EngineFailureException e) {
      batch.failWritten(() -> unavailable(e));
    }
  }

  private static EngineFailureException unavailable(Throwable cause) {
    String message =
        cause instanceof EngineFailureException
            ? String.valueOf(cause.getMessage())
            : "the local files failed";
    return new EngineFailureException(FailureKind.UNAVAILABLE, true, message, cause);
  }

  /** Makes all lines durable and ends the thread, after the work submitted before. */
  @Override
  public void close() {
    close(() -> {});
  }

  /**
   * Like {@link #close()}, and runs a last piece of work on the thread when everything is durable.
   * The caller's thread may be interrupted, which would close the files that it writes to.
   */
  public void close(Runnable lastWork) {
    LogBatch.Task<Boolean> last =
        new LogBatch.Task<>(
            () -> {
              stopped = true;
              tail.close();
              lastWork.run();
              return true;
            },
            false,
            0);
    LogBatch batch = add(last, true);
    if (batch != null) {
      batch.await(last);
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }
}
