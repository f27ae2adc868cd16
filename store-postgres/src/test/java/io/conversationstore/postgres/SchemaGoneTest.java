package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.PrimaryStore;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A schema that is not there although something belongs to a store in it is not made anew. */
class SchemaGoneTest {

  private final Databases databases = Databases.create();

  private String schema() throws SQLException {
    return databases.text("SELECT to_regnamespace('conversation_store')");
  }

  private void drop() throws SQLException {
    databases.text("DROP SCHEMA conversation_store CASCADE");
  }

  @Test
  void underARunningEngineItIsNotMadeAnew() throws SQLException {
    UUID node = UUID.randomUUID();
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      engine.handshake(node);
      drop();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> engine.handshake(node))
            .isInstanceOf(EngineFailureException.class)
            .hasMessageContaining("schema conversation_store is not in the database");
      }
      assertThat(schema()).isEqualTo("null");
    }
  }

  @Test
  void forABoundNodeThatStartsItIsNotMade() throws SQLException {
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options(), true)) {
      assertThatThrownBy(() -> engine.handshake(UUID.randomUUID()))
          .isInstanceOf(EngineFailureException.class)
          .hasMessageContaining("give the node the right database or a directory of its own");
      assertThat(schema()).isEqualTo("null");
    }
  }

  @Test
  void aStoreThatIsOpenedMakesIt() throws SQLException {
    PostgresStore.open(databases.options()).close();
    drop();
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(ALICE, NewConversation.ofId("c"));
    }
    assertThat(schema()).isEqualTo("conversation_store");
  }
}
