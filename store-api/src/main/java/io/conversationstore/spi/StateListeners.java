package io.conversationstore.spi;

import io.conversationstore.StoreState;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The listeners of a store's state. Thread-safe; calls come from whoever runs what {@link #telling}
 * gives.
 */
public final class StateListeners {

  private final List<Consumer<StoreState>> listeners = new CopyOnWriteArrayList<>();
  private final BiConsumer<String, Throwable> log;

  /**
   * @param log told what a listener throws
   */
  public StateListeners(BiConsumer<String, Throwable> log) {
    this.log = log;
  }

  /** Adds a listener; closing what is returned removes it. */
  public AutoCloseable add(Consumer<StoreState> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /** What calls the listeners that there are now; those added later are not told of this state. */
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
      log.accept("a listener of the store's state failed", e);
    }
  }
}
