package io.conversationstore.internal;

import io.conversationstore.StoreState;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The listeners of a store's state. Thread-safe; the thread that runs the result of {@link
 * #telling} calls them.
 */
public final class StateListeners {

  private final List<Consumer<StoreState>> listeners = new CopyOnWriteArrayList<>();
  private final BiConsumer<String, Throwable> log;

  /**
   * @param log receives the exceptions of listeners
   */
  public StateListeners(BiConsumer<String, Throwable> log) {
    this.log = log;
  }

  /** Adds a listener; closing the returned handle removes it. */
  public AutoCloseable add(Consumer<StoreState> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /**
   * Returns a task that calls the present listeners; listeners added later do not receive this
   * state.
   */
  public Runnable telling(StoreState state) {
    List<Consumer<StoreState>> present = List.copyOf(listeners);
    return () -> {
      for (Consumer<StoreState> listener : present) {
        if (listeners.contains(listener)) {
          tell(listener, state);
        }
      }
    };
  }

  private void tell(Consumer<StoreState> listener, StoreState state) {
    try {
      listener.accept(state);
    } catch (RuntimeException e) {
      log.accept("A state listener failed", e);
    }
  }
}
