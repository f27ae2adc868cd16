package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.StoreFigures;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import java.lang.reflect.Proxy;

/** Stands in for a database when no setting names one: every call reports it as unavailable. */
public final class AbsentPrimary {

  private AbsentPrimary() {}

  /**
   * A database whose calls all fail as unavailable. Thread-safe.
   *
   * @param reason the missing database and how to configure it
   */
  public static PrimaryStore because(String reason) {
    return (PrimaryStore)
        Proxy.newProxyInstance(
            AbsentPrimary.class.getClassLoader(),
            new Class<?>[] {PrimaryStore.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "close", "place" -> null;
                  case "figures" -> StoreFigures.NONE;
                  case "toString" -> "AbsentPrimary";
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> proxy == arguments[0];
                  default ->
                      throw new EngineFailureException(
                          FailureKind.UNAVAILABLE, false, reason, null);
                });
  }
}
