package io.conversationstore.hybrid;

import io.conversationstore.hybrid.internal.support.NodeScheduler;
import java.util.concurrent.atomic.AtomicBoolean;

/** Whether a node is open, and its background tasks until it is closed. Thread-safe. */
final class NodeLifecycle {

  private final NodeScheduler scheduler;
  private final Runnable onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param onClose closes the parts of the node; called once
   */
  NodeLifecycle(NodeScheduler scheduler, Runnable onClose) {
    this.scheduler = scheduler;
    this.onClose = onClose;
  }

  boolean isClosed() {
    return closed.get();
  }

  void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  /** Runs a task in the background after this delay, unless the node is closed. */
  void schedule(Runnable task, long millis) {
    if (!closed.get()) {
      scheduler.schedule(task, millis);
    }
  }

  void close() {
    if (closed.compareAndSet(false, true)) {
      onClose.run();
    }
  }
}
