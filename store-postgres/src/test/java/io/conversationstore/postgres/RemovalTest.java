package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** What takes longer to remove than a statement may take, and than a server may be silent. */
class RemovalTest {

  private static final int MESSAGES = 6;
  private static final String TEXTS =
      "SELECT count(content) FROM conversation_store.messages WHERE content = 'secret'";

  private final Databases databases = Databases.create();

  /** Each message takes half a second. */
  @BeforeEach
  void prepare() throws SQLException {
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(ALICE, NewConversation.ofId("c"));
      for (int i = 0; i < MESSAGES; i++) {
        store.append(ALICE, "c", Message.user("secret"));
      }
    }
    databases.text(
        """
        CREATE FUNCTION conversation_store.linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_sleep(0.5);
          RETURN coalesce(new, old);
        END $$;
        CREATE TRIGGER linger BEFORE UPDATE OR DELETE ON conversation_store.messages
          FOR EACH ROW EXECUTE FUNCTION conversation_store.linger();
        """);
  }

  /** A statement may take a second, and the server be silent for two. */
  private static PostgresOptions hurried(PostgresOptions options) {
    return options
        .withNetworkTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(2))
        .withStatementTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(5));
  }

  @Test
  void anOwnerIsErased() throws SQLException {
    try (ConversationStore store = PostgresStore.open(hurried(databases.options()))) {
      assertThat(store.erase(ALICE).removed().get(0).messages()).isEqualTo(MESSAGES);
      assertThat(databases.text(TEXTS)).isEqualTo("0");
      assertThat(store.count(ALICE)).isEqualTo(new OwnerCounts(0, 0));
    }
  }

  /** There the driver ends what takes too long. */
  @Test
  void aConversationIsDeletedOnConnectionsThatWereGiven() throws SQLException {
    PostgresOptions.Values values = databases.options().values();
    PGSimpleDataSource given = new PGSimpleDataSource();
    given.setUrl(values.url);
    given.setUser(values.user);
    given.setPassword(values.password);
    given.setSocketTimeout(2);
    try (ConversationStore store = PostgresStore.open(hurried(PostgresOptions.dataSource(given)))) {
      store.delete(ALICE, "c");
      assertThat(databases.text(TEXTS)).isEqualTo("0");
    }
  }

  @Test
  void anErasureThatFailsIsCompleteWhenRepeated() throws SQLException {
    Change erasure = new Change.OwnerErased(Databases.stamp(ALICE));
    try (PrimaryStore engine =
        PostgresStore.openEngine(
            hurried(databases.options()).withRemovalTimeout(Duration.ofSeconds(1)))) {
      assertThatThrownBy(() -> engine.apply(erasure, ApplyMode.LIVE))
          .isInstanceOfSatisfying(
              EngineFailureException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.SLOW));
    }
    assertThat(databases.text(TEXTS)).isEqualTo(String.valueOf(MESSAGES));
    try (PrimaryStore engine = PostgresStore.openEngine(hurried(databases.options()))) {
      assertThat(engine.apply(erasure, ApplyMode.LIVE).changed()).isTrue();
      assertThat(databases.text(TEXTS)).isEqualTo("0");
    }
  }

  /** The longer times hold for the removal alone. */
  @Test
  void whatFollowsOnTheConnectionIsHurriedAgain() throws SQLException {
    try (ConversationStore store =
        PostgresStore.open(hurried(databases.options()).withPoolSize(1, 1))) {
      store.delete(ALICE, "c");
      store.create(ALICE, NewConversation.ofId("d"));
      UUID first = store.append(ALICE, "d", Message.user("a")).get(0).id();
      databases.text(
          "CREATE OR REPLACE FUNCTION conversation_store.linger() RETURNS trigger LANGUAGE plpgsql"
              + " AS $$ BEGIN PERFORM pg_sleep(3600); END $$");
      assertThatThrownBy(() -> store.deleteMessage(ALICE, "d", first))
          .isInstanceOfSatisfying(
              EngineFailureException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.SLOW));
    }
  }
}
