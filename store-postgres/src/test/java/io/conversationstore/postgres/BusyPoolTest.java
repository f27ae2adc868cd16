package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreFigures;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.postgresql.ds.PGSimpleDataSource;

/** One row that somebody holds takes nobody off the database. */
class BusyPoolTest {

  private static final int CONNECTIONS = 2;
  private static final Duration PATIENCE = Duration.ofMillis(300);

  private final Databases databases = Databases.create();

  @BeforeEach
  void prepare() {
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      create(engine);
    }
  }

  private static void create(PrimaryStore engine) {
    engine.apply(
        new Change.ConversationCreated(stamp(ALICE), NewConversation.ofId("held"), true),
        ApplyMode.LIVE);
  }

  private static Change append() {
    return new Change.MessagesAppended(
        stamp(ALICE),
        ConversationRef.live("held"),
        List.of(NewMessage.of(UUID.randomUUID(), Message.user("a"))),
        AppendCondition.always(),
        false);
  }

  private PostgresOptions patient() {
    return databases
        .options()
        .withPoolSize(CONNECTIONS, CONNECTIONS)
        .withPoolTimeouts(Duration.ofSeconds(10), PATIENCE)
        .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(90))
        .withStatementTimeouts(Duration.ofSeconds(80), Duration.ofSeconds(60));
  }

  private interface Held {
    void run() throws SQLException;
  }

  private void whileTheConversationIsHeld(Held work) throws SQLException {
    try (Connection holder = databases.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
      work.run();
      holder.rollback();
    }
  }

  @Test
  void aRowIsWaitedForNoLongerThanTheLockTimeout() throws Exception {
    AtomicInteger retries = new AtomicInteger();
    PostgresOptions hurried =
        databases.options().withStatementTimeouts(Duration.ofSeconds(8), PATIENCE);
    try (PrimaryStore engine =
        PostgresEngine.open(hurried, duration -> retries.incrementAndGet())) {
      whileTheConversationIsHeld(
          () ->
              assertThat(kindOf(() -> engine.apply(append(), ApplyMode.LIVE)))
                  .isEqualTo(FailureKind.CONTENTION));
    }
    assertThat(retries).hasValue(0);
  }

  @Test
  void anExhaustedPoolIsBusyWhileTheDatabaseResponds() throws Exception {
    try (PrimaryStore engine = PostgresStore.openEngine(patient())) {
      assertBusy(engine);
    }
  }

  @Test
  void anExhaustedGivenPoolIsBusyToo() throws Exception {
    try (HikariDataSource pool = pool(databases);
        PrimaryStore engine = PostgresStore.openEngine(over(pool))) {
      assertBusy(engine);
    }
    PGSimpleDataSource driver = DriverSettings.of(databases.options().values());
    HikariConfig config = new HikariConfig();
    config.setDataSource(driver);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(PATIENCE.toMillis());
    try (HikariDataSource pool = new HikariDataSource(config);
        PrimaryStore engine = PostgresStore.openEngine(over(pool))) {
      assertBusy(engine);
    }
  }

  /** A pool of an application's, by URL, without a socket time-out. */
  private static HikariDataSource pool(Databases databases) {
    PostgresOptions.Values values = databases.options().values();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(values.url);
    config.setUsername(values.user);
    config.setPassword(values.password);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(PATIENCE.toMillis());
    return new HikariDataSource(config);
  }

  private static PostgresOptions over(HikariDataSource pool) {
    return PostgresOptions.dataSource(pool)
        .withStatementTimeouts(Duration.ofSeconds(80), Duration.ofSeconds(60));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anExhaustedGivenPoolIsUnavailableWhileTheDatabaseIsSilent() throws Exception {
    try (TestPostgres server = TestPostgres.builder().start();
        HikariDataSource pool = pool(Databases.on(server));
        PrimaryStore engine =
            PostgresStore.openEngine(
                over(pool).withNetworkTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(1)))) {
      create(engine);
      try (Connection one = pool.getConnection();
          Connection other = pool.getConnection()) {
        assertThat(one).isNotSameAs(other);
        server.pause();
        assertThat(kindOf(() -> engine.find(ALICE, "held"))).isEqualTo(FailureKind.UNAVAILABLE);
        server.resume();
      }
      assertThat(engine.find(ALICE, "held").live()).isNotNull();
    }
  }

  private void assertBusy(PrimaryStore engine) throws SQLException {
    CompletableFuture<?>[] appends = new CompletableFuture<?>[CONNECTIONS];
    whileTheConversationIsHeld(
        () -> {
          for (int i = 0; i < CONNECTIONS; i++) {
            // Each on a thread of its own: the common pool has one alone where there are two cores.
            appends[i] =
                CompletableFuture.runAsync(
                    () -> engine.apply(append(), ApplyMode.LIVE), task -> new Thread(task).start());
          }
          while (!waiting().equals(String.valueOf(CONNECTIONS))) {
            assertThat(appends).noneMatch(CompletableFuture::isDone);
          }
          assertThat(engine.figures().pool())
              .isEqualTo(new StoreFigures.Pool(CONNECTIONS, 0, 0, CONNECTIONS));
          EngineFailureException error =
              catchThrowableOfType(
                  EngineFailureException.class, () -> engine.apply(append(), ApplyMode.LIVE));
          assertThat(error.kind()).isEqualTo(FailureKind.CONTENTION);
          assertThat(error.isOutcomeUnknown()).isFalse();
          assertThat(error).hasMessageContaining("all connections of the pool are in use");
        });
    CompletableFuture.allOf(appends).join();
    assertThat(engine.find(ALICE, "held").live()).isNotNull();
  }

  private String waiting() throws SQLException {
    return databases.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            + " AND wait_event_type = 'Lock'");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anExhaustedPoolIsUnavailableWhileTheDatabaseIsSilent() {
    try (TestPostgres server = TestPostgres.builder().start()) {
      PostgresOptions options =
          Databases.on(server)
              .options()
              .withPoolSize(1, 1)
              .withPoolTimeouts(Duration.ofSeconds(10), PATIENCE)
              .withNetworkTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(2));
      try (PrimaryStore engine = PostgresStore.openEngine(options)) {
        create(engine);
        server.pause();
        CompletableFuture<FailureKind> other =
            CompletableFuture.supplyAsync(() -> kindOf(() -> engine.find(ALICE, "held")));
        assertThat(kindOf(() -> engine.find(ALICE, "held"))).isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(other.join()).isEqualTo(FailureKind.UNAVAILABLE);
        server.resume();
      }
    }
  }

  private static FailureKind kindOf(Runnable call) {
    return catchThrowableOfType(EngineFailureException.class, call::run).kind();
  }
}
