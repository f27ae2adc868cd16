package io.conversationstore.langchain4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs calls of the store, which block, on other threads. Thread-safe. */
final class AsyncCalls {

  /** Made with the first asynchronous call; its threads are daemons and end after a minute. */
  private static final class Default {
    private static final AtomicLong COUNT = new AtomicLong();
    private static final Executor EXECUTOR =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread =
                  new Thread(task, "conversation-store-langchain4j-" + COUNT.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  private final @Nullable Executor executor;

  /**
   * @param executor null for threads of this module's own
   */
  AsyncCalls(@Nullable Executor executor) {
    this.executor = executor;
  }

  <T> CompletableFuture<T> supply(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, executor());
  }

  CompletableFuture<Void> run(Runnable call) {
    return CompletableFuture.runAsync(call, executor());
  }

  private Executor executor() {
    return executor == null ? Default.EXECUTOR : executor;
  }
}
