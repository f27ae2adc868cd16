package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.FaultProxy.Mode;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A separate database behind a network that fails on demand, and nodes that use it. */
final class Testbed implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final List<String> WRITES =
      List.of(
          "create_conversation",
          "append_messages",
          "append_new",
          "append_plain",
          "update_conversation",
          "delete_conversation",
          "edit_message",
          "delete_message",
          "put_preferences",
          "erase_owner");

  /** A database with only the schema, per server. */
  private static final Map<TestPostgres, String> TEMPLATES = new ConcurrentHashMap<>();

  private final TestPostgres server;
  private final String database;
  private final FaultProxy proxy;
  private final Path root = TestDirectories.create();
  private final List<ConversationStore> open = new ArrayList<>();

  /** On an empty database: the first node creates the schema. */
  Testbed(TestPostgres server) {
    this(server, server.createDatabase());
  }

  /** On a database with the schema: for tests unrelated to its creation. */
  static Testbed withSchema(TestPostgres server) {
    String template = TEMPLATES.computeIfAbsent(server, Testbed::createTemplate);
    String database = server.createDatabase(template);
    server.execute(database, "SELECT conversation_store.become_own_store()");
    return new Testbed(server, database);
  }

  private static String createTemplate(TestPostgres server) {
    String database = server.createDatabase();
    PostgresStore.open(
            PostgresOptions.url(server.jdbcUrl(database))
                .withLogin(server.user(), server.password()))
        .close();
    return database;
  }

  Testbed(TestPostgres server, String database) {
    this.server = server;
    this.database = database;
    this.proxy = FaultProxy.to(server);
  }

  /** Waits for a condition without an event. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain until " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }

  /** Waits for a latch; one that nobody opens is a failure. */
  static void pass(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new AssertionError("nobody opened the latch");
    }
  }

  /** Waits until the node uses the database and has nothing pending. */
  static void awaitDrained(ConversationStore node) {
    try {
      await(
          "the node has sent everything",
          () ->
              node.state().mode() == StoreState.Mode.ONLINE
                  && node.state().pending().changes() == 0);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "; its state is " + node.state(), e);
    }
  }

  static void awaitFallenBack(ConversationStore node) {
    await("the node has fallen back", () -> node.state().mode() == StoreState.Mode.OFFLINE);
  }

  FaultProxy proxy() {
    return proxy;
  }

  String database() {
    return database;
  }

  Path directory(String node) {
    return root.resolve(node);
  }

  ConversationStore node(String name) {
    return node(name, HybridOptions.defaults());
  }

  ConversationStore node(String name, HybridOptions options) {
    return kept(HybridStore.open(database(proxy.jdbcUrl(database)), files(name), quick(options)));
  }

  /** A node that a busy machine does not take into an outage: for tests without one. */
  ConversationStore patientNode(String name) {
    return kept(HybridStore.open(patient(), files(name), quick(HybridOptions.defaults())));
  }

  /** A node whose retention runs by the timer of the test, for a database that may be slow. */
  ConversationStore node(String name, HybridOptions options, JobTimer timer) {
    return kept(
        HybridStore.over(
            PostgresStore.openEngine(patient()),
            JsonFileStore.openEngine(files(name)),
            quick(options),
            new ThreadScheduler(),
            timer));
  }

  /** A node and the wrappers of its engines. */
  record Interposition(
      ConversationStore store, Interposed<PrimaryStore> primary, Interposed<LocalStore> local) {}

  Interposition interposed(String name, HybridOptions options) {
    return interposed(name, options, primary -> {}, local -> {});
  }

  /** A node whose time the test advances, with the default times. */
  Interposition stepped(String name, StepScheduler scheduler) {
    return stepped(name, scheduler, database(proxy.jdbcUrl(database)));
  }

  /** The same for a database that may be slow on a busy machine. */
  Interposition patient(String name, StepScheduler scheduler) {
    return stepped(name, scheduler, patient());
  }

  private PostgresOptions patient() {
    return database(proxy.jdbcUrl(database))
        .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(3))
        .withNetworkTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(5));
  }

  private Interposition stepped(String name, StepScheduler scheduler, PostgresOptions options) {
    Interposed<PrimaryStore> primary =
        new Interposed<>(PrimaryStore.class, PostgresStore.openEngine(options));
    Interposed<LocalStore> local =
        new Interposed<>(LocalStore.class, JsonFileStore.openEngine(files(name)));
    HybridOptions defaults = HybridOptions.defaults().withCopyLimits(CopyLimits.NONE);
    return new Interposition(
        kept(HybridStore.over(primary.engine(), local.engine(), defaults, scheduler)),
        primary,
        local);
  }

  /** A node with actions installed before it opens. */
  Interposition interposed(
      String name,
      HybridOptions options,
      Consumer<Interposed<PrimaryStore>> onPrimary,
      Consumer<Interposed<LocalStore>> onLocal) {
    Interposed<PrimaryStore> primary =
        new Interposed<>(
            PrimaryStore.class, PostgresStore.openEngine(database(proxy.jdbcUrl(database))));
    Interposed<LocalStore> local =
        new Interposed<>(LocalStore.class, JsonFileStore.openEngine(files(name)));
    onPrimary.accept(primary);
    onLocal.accept(local);
    return new Interposition(
        kept(HybridStore.over(primary.engine(), local.engine(), quick(options))), primary, local);
  }

  /** Without limits of its own, a node copies everything, whatever the machine's disk. */
  private static HybridOptions quick(HybridOptions options) {
    HybridOptions all =
        options.copyLimits().equals(CopyLimits.DEFAULT)
            ? options.withCopyLimits(CopyLimits.NONE)
            : options;
    return all.withMirrorInterval(Duration.ofMillis(50))
        .withProbes(Duration.ofMillis(10), Duration.ofMillis(100));
  }

  JsonFileOptions files(String name) {
    return JsonFileOptions.in(directory(name)).withLockWait(Duration.ofSeconds(5));
  }

  /** The database itself, bypassing the failing network. */
  ConversationStore direct() {
    return kept(
        PostgresStore.open(
            database(server.jdbcUrl(database))
                .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(20))
                .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20))));
  }

  private PostgresOptions database(String url) {
    return PostgresOptions.url(url)
        .withLogin(server.user(), server.password())
        .withPoolSize(0, 4)
        .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofMillis(250))
        .withNetworkTimeouts(Duration.ofMillis(500), Duration.ofMillis(500));
  }

  ConversationStore kept(ConversationStore store) {
    open.add(store);
    return store;
  }

  /** Refuses new connections and drops present ones. */
  void goDown() {
    proxy.setMode(Mode.REFUSE);
    proxy.dropConnections();
  }

  /** Takes the database down, and returns when the node has noticed. */
  void goDown(ConversationStore node) {
    goDown();
    awaitFallenBack(node);
  }

  void comeBack() {
    proxy.setMode(Mode.PASS);
  }

  /** Cuts the connection at the next write of any kind. */
  FaultProxy.Cut cutWrite(CutPoint point) {
    return proxy.cutOn(
        statement -> WRITES.stream().anyMatch(name -> statement.sql().contains(name)), point);
  }

  @Override
  public void close() {
    if (proxy.mode() != Mode.PASS) {
      comeBack();
    }
    open.forEach(ConversationStore::close);
    proxy.close();
    TestDirectories.delete(root);
  }
}
