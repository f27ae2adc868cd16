package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.PrimaryStore;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A library that meets the schema of a later one. */
class LaterSchemaTest {

  private final Databases databases = Databases.create();
  private ConversationStore running;

  /** A store that runs while another node migrates. */
  @BeforeEach
  void migrate() throws SQLException {
    running = PostgresStore.open(databases.options());
    running.create(ALICE, NewConversation.ofId("c"));
    databases.text("UPDATE conversation_store.store SET schema_version = 99");
  }

  @AfterEach
  void close() {
    running.close();
  }

  @Test
  void aStoreIsNotOpened() {
    for (boolean migration : new boolean[] {true, false}) {
      PostgresOptions options = databases.options().withMigration(migration);
      assertThatThrownBy(() -> PostgresStore.open(options))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessage(
              "schema conversation_store is at version 99, but this library supports up to "
                  + SchemaVersions.LIBRARY.latest()
                  + "; use a newer library, or see PostgresStore.writeSchemaUndo");
    }
  }

  @Test
  void anOpenStoreKeepsWorking() {
    running.append(ALICE, "c", Message.user("a"));
    assertThat(running.last(ALICE, "c", 1)).hasSize(1);
  }

  /** It waits for a schema that fits: what is built on it has other places to write to. */
  @Test
  void anEngineIsOpened() throws SQLException {
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      assertThatThrownBy(() -> engine.find(ALICE, "c")).hasMessageContaining("is at version 99");
      databases.text(
          "UPDATE conversation_store.store SET schema_version = "
              + SchemaVersions.LIBRARY.latest());
      assertThat(engine.find(ALICE, "c").live()).isNotNull();
    }
  }
}
