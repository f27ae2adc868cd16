package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Observes the calls of a store: {@code conversation.store.calls} with the key {@code call}. No key
 * has an id or a text. Calls that do no work are passed on unobserved.
 */
final class ObservedStore implements InvocationHandler {

  /** The name of the observations. */
  static final String NAME = "conversation.store.calls";

  private static final Set<String> UNOBSERVED = Set.of("close", "operator", "state");

  private final ConversationStore store;
  private final Supplier<ObservationRegistry> registry;

  private ObservedStore(ConversationStore store, Supplier<ObservationRegistry> registry) {
    this.store = store;
    this.registry = registry;
  }

  /** The store, with its calls observed. */
  static ConversationStore of(ConversationStore store, Supplier<ObservationRegistry> registry) {
    return (ConversationStore)
        Proxy.newProxyInstance(
            ObservedStore.class.getClassLoader(),
            new Class<?>[] {ConversationStore.class},
            new ObservedStore(store, registry));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    String call = method.getName();
    if (method.getDeclaringClass() == Object.class) {
      return ofObject(proxy, method, arguments);
    }
    if (UNOBSERVED.contains(call)) {
      return invoke(method, arguments);
    }
    Observation observation =
        Observation.createNotStarted(NAME, registry.get())
            .contextualName("conversation-store " + call)
            .lowCardinalityKeyValue(KeyValue.of("call", call));
    return observation.observeChecked(() -> invoke(method, arguments));
  }

  private Object ofObject(Object proxy, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "equals" -> proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      default -> "observed " + store;
    };
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(store, arguments);
    } catch (InvocationTargetException failed) {
      throw failed.getCause();
    }
  }
}
