package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.NewConversation;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The feed's time, while the server does not say since when the oldest transaction runs. */
class FeedTimeTest {

  private static TestPostgres server;

  private Databases databases;
  private PrimaryStore engine;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().setting("max_prepared_transactions", "5").start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() {
    databases = Databases.on(server);
    engine = PostgresStore.openEngine(databases.options());
    create("first");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private void create(String conversation) {
    engine.apply(
        new Change.ConversationCreated(stamp(ALICE), NewConversation.ofId(conversation), true),
        ApplyMode.LIVE);
  }

  private FeedPage read(FeedPosition from) {
    return engine.feed(from, 100);
  }

  private Instant databaseTime() throws SQLException {
    return Instant.ofEpochMilli(
        Long.parseLong(
            databases.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")));
  }

  private void prepare(String name) throws SQLException {
    databases.text(
        "BEGIN; CREATE TABLE IF NOT EXISTS other (); SELECT pg_current_xact_id();"
            + " PREPARE TRANSACTION '"
            + name
            + "'");
  }

  @Test
  void theTimeIsUnknownWhileAPreparedTransactionIsTheOldest() throws SQLException {
    prepare("held");
    try {
      create("after it");
      FeedPage page = read(FeedPosition.START);
      assertThat(page.states()).isNotEmpty();
      assertThat(page.asOf()).isNull();
      assertThat(read(page.next()).asOf()).isNull();
    } finally {
      databases.text("ROLLBACK PREPARED 'held'");
    }
    assertThat(read(FeedPosition.START).asOf()).isNotNull();
  }

  /** Until then it lacks a row that is older than any time that could be said. */
  @Test
  void theTimeIsUnknownUntilEarlierTransactionsEnd() throws SQLException {
    FeedPage known = read(FeedPosition.START);
    try (Connection held =
        DriverManager.getConnection(
            server.jdbcUrl(databases.name), server.user(), server.password())) {
      held.setAutoCommit(false);
      try (Statement statement = held.createStatement()) {
        statement.execute("SELECT pg_current_xact_id()");
      }
      databases.text(
          "UPDATE conversation_store.conversations SET title = 'later',"
              + " changed_xid = pg_current_xact_id()");
      FeedPage page = read(FeedPosition.START);
      assertThat(page.states()).noneMatch(state -> isOf(state, "first"));
      assertThat(page.asOf()).isNull();
      FeedPage next = read(page.next());
      assertThat(next.states()).isEmpty();
      assertThat(next.asOf()).isNull();
      assertThat(read(known.next()).asOf()).as("one that has the row").isNotNull();

      held.rollback();
      FeedPage last = read(next.next());
      assertThat(last.states()).anyMatch(state -> isOf(state, "first"));
      assertThat(last.asOf()).isNotNull();
    }
  }

  @Test
  void theTimeStaysWhileAPreparedTransactionIsTheOldest() throws SQLException {
    FeedPage before = read(FeedPosition.START);
    prepare("later");
    try {
      create("second");
      assertThat(read(before.next()).asOf()).isEqualTo(before.asOf());
    } finally {
      databases.text("ROLLBACK PREPARED 'later'");
    }
  }

  /** Another application of the cluster always writes, and its transactions are not ours to see. */
  @Test
  void goesOnWhileTransactionsOfOtherRolesComeAndGo() throws SQLException {
    databases.text("CREATE ROLE hidden LOGIN PASSWORD 'hidden'; CREATE ROLE plain LOGIN");
    databases.text("SELECT conversation_store.grant_use('plain')");
    databases.text("ALTER ROLE plain PASSWORD 'plain'");
    try (PrimaryStore plain =
            PostgresStore.openEngine(
                databases.options().withLogin("plain", "plain").withMigration(false));
        Connection one = hidden();
        Connection two = hidden()) {
      create("after them");
      FeedPage page = plain.feed(FeedPosition.START, 100);
      assertThat(page.asOf()).as("the oldest is another role's").isNull();
      Instant meanwhile = databaseTime();
      page = plain.feed(page.next(), 100);
      assertThat(page.asOf()).isNull();
      try (Connection three = hidden()) {
        one.rollback();
        two.rollback();
        create("after those");
        page = plain.feed(page.next(), 100);
        assertThat(page.asOf()).as("all that ran at the first look has ended").isNotNull();
        assertThat(page.asOf()).isBeforeOrEqualTo(meanwhile.plusMillis(1));
        three.rollback();
      }
    }
  }

  /** A transaction that has written. */
  private Connection hidden() throws SQLException {
    Connection connection =
        DriverManager.getConnection(server.jdbcUrl(databases.name), "hidden", "hidden");
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_current_xact_id()");
    }
    return connection;
  }

  /** Keys of conversations are unique within a tenant only. */
  @Test
  void tellsConversationsOfTwoTenantsThatHaveOneKey() throws SQLException {
    databases.text(
        """
        INSERT INTO conversation_store.owners (tenant_id, user_id) VALUES ('other', 'bob');
        INSERT INTO conversation_store.conversations OVERRIDING SYSTEM VALUE
          SELECT (jsonb_populate_record(c, jsonb_build_object('tenant_id', 'other',
            'user_id', 'bob', 'conversation_id', 'of the other'))).*
          FROM conversation_store.conversations c;
        UPDATE conversation_store.conversations SET changed_xid = pg_current_xact_id()
        """);
    FeedPage all = read(FeedPosition.START);
    assertThat(all.states()).anyMatch(state -> isOf(state, "first"));
    assertThat(all.states()).anyMatch(state -> isOf(state, "of the other"));
    int told = 0;
    FeedPosition position = FeedPosition.START;
    boolean more = true;
    while (more) {
      FeedPage page = engine.feed(position, 1);
      told +=
          (int)
              page.states().stream()
                  .filter(state -> isOf(state, "first") || isOf(state, "of the other"))
                  .count();
      position = page.next();
      more = page.more();
    }
    assertThat(told).as("where each is on a page of its own").isEqualTo(2);
  }

  private static boolean isOf(State state, String conversation) {
    return state instanceof ConversationState row && row.id().equals(conversation);
  }
}
