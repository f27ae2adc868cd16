package io.conversationstore.adk;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.Mode;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Stores of one test, over a new database behind a network that can fail. */
final class Stores implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final TestPostgres server;
  private final String database;
  private final Path directory;
  private final FaultProxy proxy;
  private final List<ConversationStore> open = new ArrayList<>();

  Stores(TestPostgres server, Path directory) {
    this.server = server;
    this.database = server.createDatabase();
    this.directory = directory;
    this.proxy = FaultProxy.to(server);
  }

  /** The kinds of stores that a test runs on. */
  enum Kind {
    FILES {
      @Override
      ConversationStore open(Stores stores) {
        return stores.files();
      }
    },
    POSTGRES {
      @Override
      ConversationStore open(Stores stores) {
        return stores.postgres();
      }
    },
    HYBRID {
      @Override
      ConversationStore open(Stores stores) {
        return stores.node("a");
      }
    };

    abstract ConversationStore open(Stores stores);
  }

  ConversationStore files() {
    return kept(JsonFileStore.open(directory.resolve("files")));
  }

  ConversationStore postgres() {
    return kept(PostgresStore.open(options(proxy.jdbcUrl(database), Duration.ofSeconds(20))));
  }

  /** The database itself, past the network that fails. */
  ConversationStore direct() {
    return kept(PostgresStore.open(options(server.jdbcUrl(database), Duration.ofSeconds(20))));
  }

  ConversationStore node(String name) {
    return kept(
        HybridStore.open(
            options(proxy.jdbcUrl(database), Duration.ofMillis(500)),
            JsonFileOptions.in(directory.resolve(name)),
            HybridOptions.defaults()
                .withCopyLimits(CopyLimits.NONE)
                .withMirrorInterval(Duration.ofMillis(50))
                .withProbes(Duration.ofMillis(10), Duration.ofMillis(100))));
  }

  private PostgresOptions options(String url, Duration timeout) {
    return PostgresOptions.url(url)
        .withLogin(server.user(), server.password())
        .withPoolSize(0, 4)
        .withPoolTimeouts(Duration.ofSeconds(30), timeout)
        .withNetworkTimeouts(timeout, timeout);
  }

  private ConversationStore kept(ConversationStore store) {
    open.add(store);
    return store;
  }

  FaultProxy proxy() {
    return proxy;
  }

  /** Takes the database away, and waits until the nodes know. */
  void goDown(ConversationStore... nodes) {
    proxy.setMode(Mode.REFUSE);
    proxy.dropConnections();
    for (ConversationStore node : nodes) {
      await("the node has fallen back", () -> node.state().mode() == StoreState.Mode.OFFLINE);
    }
  }

  /** Brings the database back, and waits until the nodes have sent everything. */
  void comeBack(ConversationStore... nodes) {
    proxy.setMode(Mode.PASS);
    for (ConversationStore node : nodes) {
      await(
          "the node has sent everything",
          () ->
              node.state().mode() == StoreState.Mode.ONLINE
                  && node.state().pending().changes() == 0);
    }
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain until " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Override
  public void close() {
    proxy.setMode(Mode.PASS);
    open.forEach(ConversationStore::close);
    proxy.close();
  }
}
