package io.conversationstore.jsonfile;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;

/** Waits through interrupts, which stay noted. */
final class Uninterruptibly {
  private Uninterruptibly() {}

  /** What a wait is for. */
  private interface Waiting<T> {
    T await() throws InterruptedException;
  }

  /** Waits until it is done, and gives its result or throws its error. */
  static <T> T await(CompletableFuture<T> done) {
    return await(
        () -> {
          try {
            return done.get();
          } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
              throw cause;
            }
            if (e.getCause() instanceof Error cause) {
              throw cause;
            }
            throw new IllegalStateException(e.getCause());
          }
        });
  }

  /** Waits until it is open. */
  static void await(CountDownLatch latch) {
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
