package io.conversationstore.jsonfile;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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
  private static final int MAX_BATCH = 1_024;
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

  private static final class Task<T> {
    final Work<T> work;
    final Wait wait;
    final int permits;
    final CompletableFuture<T> done = new CompletableFuture<>();
    private @Nullable Runnable success;

    Task(Work<T> work, Wait wait, int permits) {
      this.work = work;
      this.wait = wait;
      this.permits = permits;
    }

    /** Returns whether it goes on to wait for the disk. */
    boolean run() {
      try {
        T result = work.run();
        success = () -> done.complete(result);
        return true;
      } catch (IOException e) {
        done.completeExceptionally(
            new EngineFailureException(FailureKind.UNAVAILABLE, true, "the local files failed", e));
      } catch (RuntimeException | Error e) {
        done.completeExceptionally(e);
      }
      return false;
    }

    void succeed() {
      if (success != null) {
        success.run();
      }
    }
  }

  private final LogTail tail;
  private final Durability durability;
  private final long intervalNanos;
  private final LinkedBlockingQueue<Task<?>> queue = new LinkedBlockingQueue<>();
  private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();
  private final Thread thread;

  /** Room in the queue, in pieces of {@link #PIECE} bytes; who waits for it longest gets it. */
  private final Semaphore room;

  private final int allRoom;
  private boolean closed;
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
    Task<T> task = new Task<>(work, wait, permits);
    if (permits > 0) {
      room.acquireUninterruptibly(permits);
    }
    boolean queued = false;
    closing.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the store is closed");
      }
      queue.add(task);
      queued = true;
    } finally {
      closing.readLock().unlock();
      if (!queued) {
        room.release(permits);
      }
    }
    return await(task.done);
  }

  /** How many bytes are in the queue and in work, in whole pieces. */
  long queuedBytes() {
    return (long) (allRoom - room.availablePermits()) * PIECE;
  }

  /** Waits, through interrupts, which stay noted. */
  static <T> T await(CompletableFuture<T> done) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return done.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException cause) {
            throw cause;
          }
          if (e.getCause() instanceof Error cause) {
            throw cause;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void loop() {
    List<Task<?>> batch = new ArrayList<>();
    while (!stopped) {
      batch.clear();
      try {
        boolean mayIdle =
            tail.isForced() || tail.broken() != null || durability == Durability.SYSTEM;
        Task<?> first = mayIdle ? queue.take() : queue.poll(untilDue(), TimeUnit.NANOSECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, MAX_BATCH - 1);
        }
      } catch (InterruptedException e) {
        LOG.warn("the log's thread was interrupted and goes on");
        continue;
      }
      try {
        run(batch);
      } catch (RuntimeException | Error e) {
        // Whatever it was, nobody may be left waiting; what was answered already stays so.
        batch.forEach(task -> fail(task, e));
      } finally {
        room.release(batch.stream().mapToInt(task -> task.permits).sum());
      }
    }
  }

  private long untilDue() {
    return Math.max(0, oldestUnforced + intervalNanos - System.nanoTime());
  }

  private void run(List<Task<?>> batch) {
    List<Task<?>> written = new ArrayList<>(batch.size());
    List<Task<?>> waiting = new ArrayList<>(batch.size());
    boolean force = false;
    for (Task<?> task : batch) {
      boolean wasForced = tail.isForced();
      if (task.run()) {
        boolean waits =
            task.wait == Wait.FORCED
                || (task.wait == Wait.SETTING && durability == Durability.EACH_WRITE);
        if (waits) {
          waiting.add(task);
          force = true;
        } else {
          written.add(task);
        }
      }
      if (wasForced && !tail.isForced()) {
        oldestUnforced = System.nanoTime();
      }
    }
    acknowledge(written);
    boolean due =
        !tail.isForced()
            && tail.broken() == null
            && durability != Durability.SYSTEM
            && untilDue() == 0;
    try {
      if (force || due) {
        tail.force();
      }
      waiting.forEach(Task::succeed);
    } catch (RuntimeException e) {
      waiting.forEach(task -> fail(task, e));
      if (waiting.isEmpty()) {
        LOG.error("written lines could not be made durable", e);
        oldestUnforced = System.nanoTime();
      }
    }
  }

  /** Without a force that would tell, somebody must look whether the file is still there. */
  private void acknowledge(List<Task<?>> written) {
    try {
      if (!written.isEmpty() && !tail.isForced() && tail.broken() == null) {
        tail.requireNamed();
      }
      written.forEach(Task::succeed);
    } catch (EngineFailureException e) {
      written.forEach(task -> fail(task, e));
    }
  }

  private static void fail(Task<?> task, Throwable cause) {
    String message =
        cause instanceof EngineFailureException
            ? String.valueOf(cause.getMessage())
            : "the local files failed";
    task.done.completeExceptionally(
        new EngineFailureException(FailureKind.UNAVAILABLE, true, message, cause));
  }

  /** Makes everything durable and ends the thread, after the work that was handed in before. */
  @Override
  public void close() {
    Task<Boolean> last =
        new Task<>(
            () -> {
              stopped = true;
              if (tail.broken() == null) {
                tail.force();
              }
              return true;
            },
            Wait.WRITTEN,
            0);
    closing.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      queue.add(last);
    } finally {
      closing.writeLock().unlock();
    }
    await(last.done);
  }

  boolean isClosed() {
    closing.readLock().lock();
    try {
      return closed;
    } finally {
      closing.readLock().unlock();
    }
  }
}
