package io.conversationstore.jsonfile;

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
 * Work that came together and goes to the disk together. Callers wait for the batch, not each for
 * its own work: so the log's thread wakes one of them and goes on, and they wake each other.
 *
 * <p>Work is added under the lock of {@link LogThread}. What came of it belongs to the log's thread
 * until the batch says that it was written, or forced, and to its caller from then on.
 */
final class LogBatch {

  /** One caller's work and what came of it. */
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

    /** What was answered before stays so. */
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

  /** What its work holds of the room in the queue. */
  int permits() {
    return permits;
  }

  /** Waits for what came of one's work, through interrupts. */
  <T> T await(Task<T> task) {
    Uninterruptibly.await(task.waitsForDisk ? forced : written);
    return task.answer(doomed);
  }

  /** The work that was added and not taken before. Under the lock, as adding. */
  List<Task<?>> take() {
    List<Task<?>> more = List.copyOf(tasks.subList(taken, tasks.size()));
    taken = tasks.size();
    return more;
  }

  /** Runs work; returns whether some of it goes on to wait for the disk. */
  static boolean run(List<Task<?>> work) {
    boolean waits = false;
    for (Task<?> task : work) {
      waits |= task.run() && task.waitsForDisk;
    }
    return waits;
  }

  /** Whether some work was done that does not wait for the disk. */
  boolean hasWritten() {
    return tasks.stream().anyMatch(task -> !task.waitsForDisk && !task.answered);
  }

  /** What does not wait for the disk has succeeded, unless it failed. */
  void succeedWritten() {
    for (Task<?> task : tasks) {
      task.answered |= !task.waitsForDisk;
    }
    written.countDown();
  }

  /** What does not wait for the disk fails, unless it was answered. */
  void failWritten(Supplier<EngineFailureException> failure) {
    for (Task<?> task : tasks) {
      if (!task.waitsForDisk) {
        task.fail(failure.get());
      }
    }
    written.countDown();
  }

  /** All that was not answered fails, each with an exception of its own, as callers add to it. */
  void fail(Supplier<EngineFailureException> failure) {
    tasks.forEach(task -> task.fail(failure.get()));
  }

  /** All that was not answered fails. Nothing is made for that, as there may be no memory. */
  void doom() {
    doomed = true;
  }

  /** All that has not failed has succeeded; nobody waits any more. */
  void end() {
    written.countDown();
    forced.countDown();
  }
}
