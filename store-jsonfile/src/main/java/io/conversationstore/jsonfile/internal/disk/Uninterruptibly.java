package io.conversationstore.jsonfile.internal.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Waits and works through interrupts, and keeps the interrupt flag. */
public final class Uninterruptibly {
  private Uninterruptibly() {}

  /** Work on files that can check whether its caller was interrupted. */
  @FunctionalInterface
  public interface Work<T> {
    T run(BooleanSupplier interrupted) throws IOException;
  }

  /**
   * Runs work on a thread of its own and waits for it. Java closes a file channel that an
   * interrupted thread uses, and the thread of an application may be interrupted at any time.
   */
  public static <T> T run(String name, Work<T> work) throws IOException {
    Thread caller = Thread.currentThread();
    AtomicBoolean interrupted = new AtomicBoolean(caller.isInterrupted());
    FutureTask<T> task = new FutureTask<>(() -> work.run(interrupted::get));
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    try {
      return await(
          () -> {
            try {
              return task.get();
            } catch (InterruptedException e) {
              interrupted.set(true);
              throw e;
            } catch (ExecutionException e) {
              throw failure(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The blocking call of a wait. */
  private interface Waiting<T> {
    T await() throws InterruptedException;
  }

  /** Waits for completion and returns the result or throws the error. */
  public static <T> T await(CompletableFuture<T> done) {
    return await(
        () -> {
          try {
            return done.get();
          } catch (ExecutionException e) {
            throw failure(e);
          }
        });
  }

  private static RuntimeException failure(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof IOException io) {
      return new UncheckedIOException(io);
    }
    return cause instanceof RuntimeException runtime ? runtime : new IllegalStateException(cause);
  }

  /** Waits until the latch is open. */
  public static void await(CountDownLatch latch) {
    Waiting<Boolean> waiting =
        () -> {
          latch.await();
          return true;
        };
    await(waiting);
  }

  private static <T> T await(Waiting<T> waiting) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return waiting.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
