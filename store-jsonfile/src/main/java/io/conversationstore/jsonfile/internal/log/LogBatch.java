package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.internal.disk.Uninterruptibly;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Work that arrived together and goes to the disk together. Callers wait for the batch, not for
 * their own task: the log thread wakes one of them and continues, and they wake each other.
 *
 * <p>Work is added under the lock of {@link LogThread}. A result belongs to the log thread until
 * the batch is marked as written or forced, and to its caller from then on.
 */
final class LogBatch {

  /** One caller's work and its result. */
  static final class Task<T> {
    private final LogThread.Work<T> work;
    private final boolean waitsForDisk;
    private final int permits;
    private @Nullable T result;
    private @Nullable Throwable failure;
    private boolean answered;

    Task(LogThread.Work<T> work, boolean waitsForDisk, int permits) {
      this.work = work;
      this.waitsForDisk = waitsForDisk;
      this.permits = permits;
    }

    private boolean run() {
      try {
        result = work.run();
        return true;
      } catch (IOException e) {
        fail(
            new EngineFailureException(FailureKind.UNAVAILABLE, true, "the local files failed", e));
      } catch (RuntimeException | Error e) {
        fail(e);
      }
      return false;
    }

    /** Does not change an earlier answer. */
    private void fail(Throwable cause) {
      if (!answered) {
        answered = true;
        failure = cause;
      }
    }

    private T answer(boolean doomed) {
      if (doomed && !answered) {
        throw new EngineFailureException(
            FailureKind.UNAVAILABLE, true, "the local files failed", null);
      }
      if (failure instanceof RuntimeException cause) {
        throw cause;
      }
      if (failure instanceof Error cause) {
        throw cause;
      }
      return Objects.requireNonNull(result);
    }
  }

  private final List<Task<?>> tasks = new ArrayList<>();
  private final CountDownLatch written = new CountDownLatch(1);
  private final CountDownLatch forced = new CountDownLatch(1);

  private int permits;
  private int taken;

  /** Set before the batch ends; read by callers afterwards. */
  private boolean doomed;

  void add(Task<?> task) {
    tasks.add(task);
    permits += task.permits;
  }

  boolean isEmpty() {
    return tasks.isEmpty();
  }

  /** The share of the queue's space that its work holds. */
  int permits() {
    return permits;
  }

  /** Waits for the result of one task, through interrupts. */
  <T> T await(Task<T> task) {
    Uninterruptibly.await(task.waitsForDisk ? forced : written);
    return task.answer(doomed);
  }

  /** Returns the work that was added but not yet taken. Called under the lock, like adding. */
  List<Task<?>> take() {
    List<Task<?>> more = List.copyOf(tasks.subList(taken, tasks.size()));
    taken = tasks.size();
    return more;
  }

  /** Runs work; returns whether some of it still waits for the disk. */
  static boolean run(List<Task<?>> work) {
    boolean waits = false;
    for (Task<?> task : work) {
      waits |= task.run() && task.waitsForDisk;
    }
    return waits;
  }

  /** Whether some finished work does not wait for the disk. */
  boolean hasWritten() {
    return tasks.stream().anyMatch(task -> !task.waitsForDisk && !task.answered);
  }

  /** Marks work that does not wait for the disk as succeeded, unless it failed. */
  void succeedWritten() {
    for (Task<?> task : tasks) {
      task.answered |= !task.waitsForDisk;
    }
    written.countDown();
  }

  /** Fails work that does not wait for the disk, unless it was answered. */
  void failWritten(Supplier<EngineFailureException> failure) {
    for (Task<?> task : tasks) {
      if (!task.waitsForDisk) {
        task.fail(failure.get());
      }
    }
    written.countDown();
  }

  /** Fails all unanswered work. Each task gets its own exception, because callers add to it. */
  void fail(Supplier<EngineFailureException> failure) {
    tasks.forEach(task -> task.fail(failure.get()));
  }

  /** Fails all unanswered work without allocating, because memory may be exhausted. */
  void doom() {
    doomed = true;
  }

  /** Marks the remaining work as succeeded and wakes all callers. */
  void end() {
    written.countDown();
    forced.countDown();
  }
}
