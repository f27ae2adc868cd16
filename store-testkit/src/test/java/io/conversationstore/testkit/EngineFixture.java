package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.StoreEngine;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Stores over one engine in memory, which is kept when a store over it is reopened. */
final class EngineFixture implements StoreFixture {

  private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00.123456Z"));
  private final StoreEngine engine;
  private final List<ConversationStore> open = new ArrayList<>();

  EngineFixture(Function<Clock, StoreEngine> engine) {
    this.engine = engine.apply(clock);
  }

  @Override
  public Set<Capability> capabilities() {
    return EnumSet.allOf(Capability.class);
  }

  @Override
  public ConversationStore open(StoreLimits limits) {
    ConversationStore store = ReferenceStore.over(handle(), limits, clock);
    open.add(store);
    return store;
  }

  @Override
  public ConversationStore reopen() {
    open.forEach(ConversationStore::close);
    return open(StoreLimits.DEFAULT);
  }

  /** The engine, with a close that ends only this handle. */
  private StoreEngine handle() {
    AtomicBoolean closed = new AtomicBoolean();
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("close")) {
            closed.set(true);
            return null;
          }
          if (closed.get()) {
            throw new IllegalStateException("the store is closed");
          }
          try {
            return method.invoke(engine, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (StoreEngine)
        Proxy.newProxyInstance(
            EngineFixture.class.getClassLoader(), new Class<?>[] {StoreEngine.class}, handler);
  }

  @Override
  public ConversationStore another() {
    return open(StoreLimits.DEFAULT);
  }

  @Override
  public void advance(Duration by) {
    clock.advance(by);
  }

  @Override
  public void close() {
    open.forEach(ConversationStore::close);
  }
}
