package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A switch to a server filled by logical replication (blue and green): rows are present, identities
 * are not advanced, and the transaction ids are those of another cluster.
 */
class HybridSwitchIT {

  private static final String DATABASE = "app";
  private static final int OWNERS = 5;
  private static final int MESSAGES = 20;

  private static Owner owner(int i) {
    return Owner.of("tenant " + i, "user");
  }

  private static PostgresOptions options(TestPostgres server) {
    return PostgresOptions.url(server.jdbcUrl(DATABASE))
        .withLogin(server.user(), server.password());
  }

  private static String value(TestPostgres server, String sql) {
    try (Connection connection = server.dataSource(DATABASE).getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return String.valueOf(row.getString(1));
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  private static void subscribe(TestPostgres green, TestPostgres blue) {
    green.execute("postgres", "CREATE DATABASE " + DATABASE);
    try (ConversationStore store = PostgresStore.open(options(green))) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
    // As a dump of the schema alone leaves it; all rows come by replication.
    green.execute(
        DATABASE,
        """
        SET session_replication_role = replica;
        DO $$ DECLARE place regclass; BEGIN
          FOR place IN SELECT oid FROM pg_class WHERE relkind = 'r'
              AND relnamespace = 'conversation_store'::regnamespace LOOP
            EXECUTE format('TRUNCATE %s CASCADE', place);
          END LOOP;
        END $$\
        """);
    blue.execute(DATABASE, "CREATE PUBLICATION everything FOR ALL TABLES");
    green.execute(
        DATABASE,
        "CREATE SUBSCRIPTION everything CONNECTION 'host="
            + blue.host()
            + " port="
            + blue.port()
            + " dbname="
            + DATABASE
            + " user="
            + blue.user()
            + " password="
            + blue.password()
            + "' PUBLICATION everything");
  }

  private static void write(ConversationStore store, int from, int to) {
    for (int i = 0; i < OWNERS; i++) {
      store.createIfAbsent(owner(i), NewConversation.ofId("c" + from));
      for (int m = from; m < to; m++) {
        store.append(owner(i), "c" + from, Message.user("m" + m));
      }
    }
  }

  private static List<String> texts(ConversationStore store, int owner, int from) {
    return store.last(owner(owner), "c" + from, 1_000).stream().map(StoredMessage::text).toList();
  }

  private static List<String> written(int from, int to) {
    return IntStream.range(from, to).mapToObj(m -> "m" + m).toList();
  }

  @Test
  void nothingIsMissingInCopiesAfterASwitch() throws IOException {
    TestPostgres.Builder logical = TestPostgres.builder().setting("wal_level", "logical");
    try (TestPostgres blue = logical.start();
        TestPostgres green = TestPostgres.builder().start();
        Testbed bed = new Testbed(green, "postgres")) {
      blue.execute("postgres", "CREATE DATABASE " + DATABASE);
      ConversationStore node = bed.kept(HybridStore.open(options(blue), bed.files("a")));
      write(node, 0, MESSAGES);
      subscribe(green, blue);
      write(node, MESSAGES, 2 * MESSAGES);
      String rows = "SELECT count(*) FROM conversation_store.messages";
      Testbed.await("all is replicated", () -> value(green, rows).equals(value(blue, rows)));
      node.close();
      green.execute(DATABASE, "DROP SUBSCRIPTION everything");
      assertThat(identitiesHold(green)).isFalse();
      while (!value(green, "SELECT conversation_store.adopt_restored_rows()").equals("0")) {}
      assertThat(identitiesHold(green)).isTrue();
      ConversationStore switched = bed.kept(HybridStore.open(options(green), bed.files("a")));
      Testbed.awaitDrained(switched);
      write(switched, 2 * MESSAGES, 3 * MESSAGES);
      Instant now = Instant.now();
      Testbed.await("the copy has followed", () -> isAfter(switched, now));
      green.stop();
      Testbed.awaitFallenBack(switched);
      for (int i = 0; i < OWNERS; i++) {
        assertThat(switched.list(owner(i), ConversationQuery.all()).items()).hasSize(3);
        for (int from = 0; from < 3 * MESSAGES; from += MESSAGES) {
          assertThat(texts(switched, i, from)).isEqualTo(written(from, from + MESSAGES));
        }
      }
    }
  }

  private static boolean identitiesHold(TestPostgres server) {
    try (ConversationStore store = PostgresStore.open(options(server))) {
      return store.operator().health().checks().stream()
          .filter(check -> check.name().equals("identities"))
          .allMatch(StoreHealth.Check::passed);
    }
  }

  private static boolean isAfter(ConversationStore node, Instant time) {
    StoreState.Mirror mirror = node.state().mirror();
    return mirror != null && mirror.asOf() != null && mirror.asOf().isAfter(time);
  }
}
