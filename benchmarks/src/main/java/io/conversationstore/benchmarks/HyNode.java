package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.testkit.FaultProxy;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A hybrid store with the defaults, and the network between it and its database. */
final class HyNode implements AutoCloseable {

  /** More than any line waits for, so that a run ends. */
  private static final long LIMIT_SECONDS = 180;

  private final @Nullable FaultProxy proxy;
  private final ConversationStore store;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  private HyNode(@Nullable FaultProxy proxy, ConversationStore store) {
    this.proxy = proxy;
    this.store = store;
    // Ends with the store.
    AutoCloseable unused = store.onStateChange(state -> signal());
  }

  /** A node on a network that can fail; it uses the database when this returns. */
  static HyNode behindProxy(PgServer server, String database, Path directory) throws Exception {
    FaultProxy proxy = server.proxy();
    return inUse(proxy, server.options(database, proxy), directory);
  }

  /** A node without anything between it and its database; it uses it when this returns. */
  static HyNode direct(PostgresOptions database, Path directory) throws Exception {
    return inUse(null, database, directory);
  }

  private static HyNode inUse(@Nullable FaultProxy proxy, PostgresOptions database, Path directory)
      throws Exception {
    HyNode node = new HyNode(proxy, open(database, directory));
    node.await(state -> state.mode() == StoreState.Mode.ONLINE);
    return node;
  }

  static ConversationStore open(PostgresOptions database, Path directory) {
    return HybridStore.open(database, JsonFileOptions.in(directory));
  }

  ConversationStore store() {
    return store;
  }

  /** The database is away, and the node knows when this returns. */
  void goDown() throws Exception {
    proxy().setMode(FaultProxy.Mode.REFUSE);
    proxy().dropConnections();
    await(state -> state.mode() == StoreState.Mode.OFFLINE);
  }

  void comeBack() {
    proxy().setMode(FaultProxy.Mode.PASS);
  }

  private FaultProxy proxy() {
    return Objects.requireNonNull(proxy, "this node has no network that can fail");
  }

  /** Returns at the change of state after which this holds; at once if it does. */
  void await(Predicate<StoreState> condition) throws InterruptedException {
    long left = TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    lock.lock();
    try {
      while (!condition.test(store.state())) {
        left = changed.awaitNanos(left);
        if (left <= 0) {
          throw new IllegalStateException("waited in vain; the state is " + store.state());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    store.close();
    if (proxy != null) {
      proxy.close();
    }
  }
}
