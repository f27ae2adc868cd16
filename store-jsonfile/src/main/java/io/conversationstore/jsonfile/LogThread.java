package io.conversationstore.jsonfile;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes: callers hand in work and wait; what came together is made durable
 * with one force. What waits is bounded in bytes: callers that bring more wait for room, in the
 * order in which they came. Interrupting a waiting caller changes nothing but the caller's own
 * flag. Thread-safe.
 */
final class LogThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogThread.class);
  private static final int PIECE = 1 << 10;
  private static final Duration IDLE = Duration.ofSeconds(1);

  /** When the caller of work goes on. */
  enum Wait {
    /** When it was written. */
    WRITTEN,
    /** When it is as durable as the store's setting says. */
    SETTING,
    /** When it is on the disk. */
    FORCED
  }

  /** What runs on the thread. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  private final LogTail tail;
  private final Durability durability;
  private final long intervalNanos;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();

  /** Takes what comes, until the thread is about to force it. Guarded by the lock. */
  private LogBatch queue = new LogBatch();

  /** Guarded by the lock. */
  private boolean closed;

  /** Room in the queue, in pieces of {@link #PIECE} bytes; who waits for it longest gets it. */
  private final Semaphore room;

  private final int allRoom;
  private boolean stopped;
  private long oldestUnforced;

  /**
   * @param queueBytes how many bytes may be in the queue and in work
   */
  LogThread(LogTail tail, Durability durability, Duration interval, long queueBytes, String name) {
    this.tail = tail;
    this.durability = durability;
    this.intervalNanos = (durability == Durability.INTERVAL ? interval : IDLE).toNanos();
    this.allRoom = (int) (queueBytes / PIECE);
    this.room = new Semaphore(allRoom, true);
    this.thread = new Thread(this::loop, "conversation-log-" + name);
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Runs work that holds no content on the thread and waits for it. */
  <T> T call(Wait wait, Work<T> work) {
    return call(wait, 0, work);
  }

  /**
   * Runs work on the thread and waits for it, before that for room in the queue. An interrupt ends
   * neither wait.
   *
   * @param bytes that the work keeps in memory until it is done
   */
  <T> T call(Wait wait, long bytes, Work<T> work) {
    int permits = (int) Math.min(allRoom, (bytes + PIECE - 1) / PIECE);
    boolean waitsForDisk =
        wait == Wait.FORCED || (wait == Wait.SETTING && durability == Durability.EACH_WRITE);
    LogBatch.Task<T> task = new LogBatch.Task<>(stoppingAtErrors(work), waitsForDisk, permits);
    if (permits > 0) {
      // What needs no room does not wait behind those who do.
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

  /** Returns the batch that it joined; null where the store is closed. */
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

  /** How many bytes are in the queue and in work, in whole pieces. */
  long queuedBytes() {
    return (long) (allRoom - room.availablePermits()) * PIECE;
  }

  private void loop() {
    while (!stopped) {
      try {
        runNext();
      } catch (Error e) {
        // Where memory has run out there is none to say more with.
        tail.breakDownMidway();
      }
    }
  }

  private void runNext() {
    LogBatch batch = next();
    try {
      runAll(batch);
    } catch (RuntimeException e) {
      // Whatever it was, nobody may be left waiting; what was answered already stays so.
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

  /** An error of the JVM is its caller's alone, unless it has cut off a write. */
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

  /** Waits until something has come, or a force is due. */
  private LogBatch next() {
    boolean mayIdle = tail.isForced() || tail.broken() != null || durability == Durability.SYSTEM;
    lock.lock();
    try {
      long nanos = mayIdle ? Long.MAX_VALUE : untilDue();
      while (queue.isEmpty() && nanos > 0) {
        try {
          nanos = added.awaitNanos(nanos);
        } catch (InterruptedException e) {
          LOG.warn("the log's thread was interrupted and goes on");
        }
      }
      return queue;
    } finally {
      lock.unlock();
    }
  }

  /** What has come into the batch since the last time; where that is nothing, it is sealed. */
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

  /** What comes from now on is of the next batch. */
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
   * What comes while the batch is run goes with it, so that one force covers it too. Nobody brings
   * a second piece of work before the batch ends, which bounds it.
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
        LOG.error("written lines could not be made durable", e);
        oldestUnforced = System.nanoTime();
      }
    }
  }

  /** Without a force that would tell, somebody must look whether the file is still there. */
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

  /** Makes everything durable and ends the thread, after the work that was handed in before. */
  @Override
  public void close() {
    close(() -> {});
  }

  /**
   * Like {@link #close()}, and does a last piece of work on the thread when everything is durable:
   * the thread of the caller may be interrupted, which would close the files it writes to.
   */
  void close(Runnable lastWork) {
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
