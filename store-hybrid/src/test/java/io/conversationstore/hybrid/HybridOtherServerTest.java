package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * The store in another database or another server than before: a restored dump, a copy under
 * another name, an old primary that returns. Each role has its own real server.
 */
class HybridOtherServerTest {

  private static final NewConversation CHAT = NewConversation.ofId("chat");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** In the order of a restore. */
  private static final List<String> TABLES =
      List.of(
          "store",
          "nodes",
          "owners",
          "owner_erasures",
          "conversations",
          "messages",
          "user_preferences",
          "taken_over");

  private static TestPostgres server;

  private final Owner alice = Owner.of("acme", "alice");
  private final Owner bob = Owner.of("acme", "bob");
  private Testbed bed;

  @BeforeAll
  static void startServer() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void closeServer() {
    server.close();
  }

  @BeforeEach
  void newBed() {
    bed = Testbed.withSchema(server);
  }

  @AfterEach
  void closeBed() {
    bed.close();
  }

  private static PostgresOptions options(TestPostgres on, String database) {
    return PostgresOptions.url(on.jdbcUrl(database))
        .withLogin(on.user(), on.password())
        .withPoolTimeouts(PATIENCE, PATIENCE)
        .withNetworkTimeouts(PATIENCE, PATIENCE);
  }

  /** The node's directory, with a database of this server. */
  private ConversationStore node(TestPostgres on, String database) {
    return bed.kept(
        HybridStore.open(
            options(on, database),
            bed.files("a"),
            HybridOptions.defaults()
                .withMirrorInterval(Duration.ofMillis(50))
                .withProbes(Duration.ofMillis(10), Duration.ofMillis(100))));
  }

  private static String value(TestPostgres on, String database, String sql) {
    try (Connection connection = on.dataSource(database).getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return String.valueOf(row.getString(1));
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  private static String history(TestPostgres on, String database) {
    return value(on, database, "SELECT history FROM conversation_store.store");
  }

  private static List<String> texts(ConversationStore store, Owner owner) {
    return store.last(owner, "chat", 1_000).stream().map(StoredMessage::text).toList();
  }

  private static void awaitCopy(ConversationStore node) {
    Instant now = Instant.now();
    Testbed.await(
        "the copy has followed",
        () -> {
          StoreState.Mirror mirror = node.state().mirror();
          return mirror != null && mirror.asOf() != null && mirror.asOf().isAfter(now);
        });
  }

  private static void awaitReason(ConversationStore node, String part) {
    Testbed.await(
        "the state says " + part,
        () ->
            node.state().mode() == StoreState.Mode.OFFLINE && node.state().reason().contains(part));
  }

  /** Copies all rows unchanged, like a dump and a restore. */
  private static void copyRows(
      TestPostgres from, String database, TestPostgres to, String restored) {
    try (Connection out = from.dataSource(database).getConnection();
        Connection in = to.dataSource(restored).getConnection();
        Statement statement = in.createStatement()) {
      statement.execute(
          "SET session_replication_role = replica; DELETE FROM conversation_store.store");
      for (String table : TABLES) {
        StringWriter rows = new StringWriter();
        String columns = value(to, restored, columnsOf(table));
        String copy = "COPY conversation_store." + table + " (" + columns + ") ";
        out.unwrap(PGConnection.class).getCopyAPI().copyOut(copy + "TO STDOUT", rows);
        in.unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn(copy + "FROM STDIN", new StringReader(rows.toString()));
      }
      statement.execute("SELECT conversation_store.advance_identities()");
    } catch (SQLException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String columnsOf(String table) {
    return "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        + " WHERE attrelid = 'conversation_store."
        + table
        + "'::regclass AND attnum > 0 AND NOT attisdropped";
  }

  /** An empty database of this name with the schema. */
  private static void prepare(TestPostgres on, String database) {
    on.execute("postgres", "CREATE DATABASE " + database + " TEMPLATE template0");
    PostgresStore.open(options(on, database)).close();
  }

  private static void useTransactionIds(TestPostgres on, String database, long beyond) {
    while (Long.parseLong(value(on, database, "SELECT pg_current_xact_id()")) < beyond) {
      on.execute(
          database,
          "DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END"
              + " $$");
    }
  }

  @Test
  void row_5_7_aDumpInAnotherClusterWhoseIdsHavePassedBeginsANewHistory() {
    useTransactionIds(server, bed.database(), 3_000);
    ConversationStore node = node(server, bed.database());
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.createIfAbsent(bob, CHAT);
    node.append(alice, "chat", Message.user("dumped"));
    node.append(bob, "chat", Message.user("private words"));
    try (TestPostgres other = TestPostgres.builder().start()) {
      prepare(other, bed.database());
      copyRows(server, bed.database(), other, bed.database());
      node.append(alice, "chat", Message.user("after the dump"));
      awaitCopy(node);
      node.close();
      String ids = value(server, bed.database(), "SELECT pg_current_xact_id()");
      // Others continue in the restored one, until its ids are those of the dump.
      try (ConversationStore plain = PostgresStore.open(options(other, bed.database()))) {
        plain.append(alice, "chat", Message.user("new in the restored one"));
        plain.erase(bob);
        useTransactionIds(other, bed.database(), Long.parseLong(ids) + 10);
        plain.append(alice, "chat", Message.user("and later"));
      }
      ConversationStore again = node(other, bed.database());
      Testbed.awaitDrained(again);
      awaitCopy(again);
      assertThat(texts(again, alice))
          .containsExactlyInAnyOrder(
              "dumped", "new in the restored one", "and later", "after the dump");
      other.stop();
      Testbed.awaitFallenBack(again);
      assertThat(texts(again, alice))
          .as("the copy")
          .containsExactlyInAnyOrder(
              "dumped", "new in the restored one", "and later", "after the dump");
      assertThat(again.search(bob, SearchQuery.of("private")).items())
          .as("an erased owner's text in the copy")
          .isEmpty();
      again.close();
    }
  }

  @Test
  void row_1_4_aCopyOfTheDatabaseUnderAnotherNameGetsNothing() {
    ConversationStore node = node(server, bed.database());
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("production"));
    node.close();
    String staging = server.createDatabase(bed.database());
    try (ConversationStore tests = PostgresStore.open(options(server, staging))) {
      tests.append(alice, "chat", Message.user("staging"));
      String history = history(server, staging);
      assertThatThrownBy(() -> node(server, staging))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining("is a copy of database " + bed.database())
          .hasMessageContaining("become_own_store()");
      assertThat(texts(tests, alice)).containsExactly("production", "staging");
      assertThat(history(server, staging)).isEqualTo(history);
    }
    ConversationStore back = node(server, bed.database());
    Testbed.awaitDrained(back);
    assertThat(texts(back, alice)).containsExactly("production");
    back.close();
    server.execute(staging, "SELECT conversation_store.become_own_store()");
    assertThatThrownBy(() -> node(server, staging))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("this is another database");
    try (ConversationStore own =
        HybridStore.open(options(server, staging), bed.files("of staging"))) {
      Testbed.awaitDrained(own);
      assertThat(texts(own, alice)).containsExactly("production", "staging");
    }
  }

  @Test
  void row_5_7_aCopyThatTakesThePlaceOfTheFirstGetsWhatItLacks() {
    ConversationStore node = node(server, bed.database());
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("copied"));
    awaitCopy(node);
    node.close();
    String replacement = server.createDatabase(bed.database());
    ConversationStore again = node(server, bed.database());
    Testbed.awaitDrained(again);
    again.append(alice, "chat", Message.user("after the copy"));
    awaitCopy(again);
    again.close();
    server.execute(replacement, "SELECT conversation_store.take_over_store()");
    ConversationStore moved = node(server, replacement);
    Testbed.awaitDrained(moved);
    assertThat(texts(moved, alice)).containsExactly("copied", "after the copy");
  }

  @Test
  void row_1_4_anOldPrimaryThatComesBackIsRefused() throws IOException {
    try (TestPostgres cluster = TestPostgres.builder().start()) {
      String database = "app";
      prepare(cluster, database);
      ConversationStore node = node(cluster, database);
      Testbed.awaitDrained(node);
      node.createIfAbsent(alice, CHAT);
      node.append(alice, "chat", Message.user("before"));
      awaitCopy(node);
      node.close();
      Path old = cluster.logFile().resolveSibling("old-" + UUID.randomUUID());
      Path standby = cluster.logFile().resolveSibling("standby-" + UUID.randomUUID());
      cluster.stop();
      cluster.backup(old);
      cluster.backup(standby);
      Files.createFile(standby.resolve("standby.signal"));
      cluster.restore(standby);
      cluster.restart();
      cluster.execute("postgres", "SELECT pg_promote()");
      ConversationStore promoted = node(cluster, database);
      Testbed.awaitDrained(promoted);
      promoted.append(alice, "chat", Message.user("after the promotion"));
      awaitCopy(promoted);
      promoted.close();
      cluster.stop();
      cluster.restore(old);
      cluster.restart();
      String history = history(cluster, database);
      ConversationStore refused = node(cluster, database);
      awaitReason(refused, "this server is on timeline 1");
      assertThat(refused.state().reason()).contains("take_over_store(2)");
      refused.append(alice, "chat", Message.user("meanwhile"));
      assertThat(history(cluster, database)).isEqualTo(history);
      assertThat(value(cluster, database, "SELECT count(*) FROM conversation_store.messages"))
          .isEqualTo("1");
      assertThat(texts(refused, alice))
          .containsExactly("before", "after the promotion", "meanwhile");
      cluster.execute(database, "SELECT conversation_store.take_over_store(2)");
      Testbed.awaitDrained(refused);
      assertThat(texts(refused, alice))
          .containsExactly("before", "after the promotion", "meanwhile");
      refused.close();
    }
  }

  @Test
  void row_1_8_aDroppedSchemaIsNotMadeAnewByANodeThatBelongsToIt() {
    ConversationStore node = node(server, bed.database());
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("kept"));
    awaitCopy(node);
    server.execute(bed.database(), "DROP SCHEMA conversation_store CASCADE");
    node.append(alice, "chat", Message.user("pending"));
    awaitReason(node, "schema conversation_store is not in the database");
    assertThat(texts(node, alice)).containsExactly("kept", "pending");
    node.close();
    assertThatThrownBy(() -> node(server, bed.database()))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("give the node the right database or a directory of its own");
    assertThat(value(server, bed.database(), "SELECT to_regnamespace('conversation_store')"))
        .isEqualTo("null");
  }

  @Test
  void row_1_8_rowSecurityThatIsSwitchedOnUnderANodeHidesNothingAndBeginsNoHistory() {
    String role = "role_" + bed.database();
    server.execute(bed.database(), "CREATE ROLE " + role + " LOGIN PASSWORD 'x'");
    server.execute(bed.database(), "SELECT conversation_store.grant_use('" + role + "')");
    ConversationStore node =
        bed.kept(
            HybridStore.open(
                options(server, bed.database()).withLogin(role, "x").withMigration(false),
                bed.files("a"),
                HybridOptions.defaults()
                    .withMirrorInterval(Duration.ofMillis(50))
                    .withProbes(Duration.ofMillis(10), Duration.ofMillis(100))));
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("said"));
    awaitCopy(node);
    String history = history(server, bed.database());
    server.execute(bed.database(), "SELECT conversation_store.use_row_level_security(true)");
    assertThat(node.list(alice, ConversationQuery.all()).items()).hasSize(1);
    assertThat(texts(node, alice)).containsExactly("said");
    node.append(alice, "chat", Message.user("meanwhile"));
    awaitReason(node, "row-level security is on");
    assertThat(texts(node, alice)).containsExactly("said", "meanwhile");
    assertThat(history(server, bed.database())).isEqualTo(history);
    server.execute(bed.database(), "SELECT conversation_store.use_row_level_security(false)");
    Testbed.awaitDrained(node);
    assertThat(history(server, bed.database())).isEqualTo(history);
    assertThat(texts(node, alice)).containsExactly("said", "meanwhile");
  }
}
