package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import org.junit.jupiter.api.Test;

/** The head of the feed where the cluster has given more transaction ids than 32 bits can hold. */
class FeedHeadTest {

  private static final long EPOCH = 1L << 32;

  @Test
  void aTransactionThatHoldsTheFeedBackIsFoundInALaterEpoch() throws SQLException {
    isFoundInALaterEpoch(Databases.create());
  }

  @Test
  void andOnPostgres14() throws SQLException {
    try (TestPostgres server = OldestServer.start()) {
      isFoundInALaterEpoch(Databases.on(server));
    }
  }

  private static void isFoundInALaterEpoch(Databases databases) throws SQLException {
    PostgresStore.openEngine(databases.options()).close();
    try (Connection holder = databases.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      try (ResultSet row = hold.executeQuery("SELECT now(), pg_current_xact_id()::text::bigint")) {
        assertThat(row.next()).isTrue();
        OffsetDateTime began = row.getObject(1, OffsetDateTime.class);
        long oldest = EPOCH + row.getLong(2);
        try (Connection connection = databases.connection();
            Statement statement = connection.createStatement();
            ResultSet head = statement.executeQuery(headOf(oldest, oldest + 3))) {
          assertThat(head.next()).isTrue();
          assertThat(head.getLong(1)).isEqualTo(oldest);
          assertThat(head.getObject(2, OffsetDateTime.class)).isEqualTo(began);
        }
      }
      holder.rollback();
    }
  }

  /** The store's own statement, as if the cluster's snapshot were this one. */
  private static String headOf(long oldest, long next) {
    String asked = new Sql("conversation_store").feedHead;
    assertThat(asked).contains("pg_current_snapshot()");
    return asked.replace(
        "pg_current_snapshot()", "'%d:%d:%1$d'::pg_snapshot".formatted(oldest, next));
  }
}
