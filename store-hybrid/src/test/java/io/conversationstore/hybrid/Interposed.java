package io.conversationstore.hybrid;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Wraps an engine, so that a test can act just before or just after a call of the store, on the
 * calling thread. Thread-safe.
 */
final class Interposed<T> {

  /** A test's action on a call. */
  @FunctionalInterface
  interface Action {
    void on(Method method, Object[] arguments) throws Exception;
  }

  private final T engine;
  private final List<Action> before = new CopyOnWriteArrayList<>();
  private final List<Action> after = new CopyOnWriteArrayList<>();

  Interposed(Class<T> type, T target) {
    this.engine =
        type.cast(
            Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, given) -> {
                  Object[] arguments = given == null ? new Object[0] : given;
                  try {
                    run(before, method, arguments);
                    Object answer = method.invoke(target, arguments);
                    run(after, method, arguments);
                    return answer;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                }));
  }

  private static void run(List<Action> actions, Method method, Object[] arguments)
      throws Exception {
    for (Action action : actions) {
      action.on(method, arguments);
    }
  }

  /** The engine given to the store. */
  T engine() {
    return engine;
  }

  void before(Action action) {
    before.add(action);
  }

  /** Called only if the call did not fail. */
  void after(Action action) {
    after.add(action);
  }
}
