package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import java.io.StringWriter;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The schema as a DBA sees it. */
class SchemaTest {

  private static final String MARKER = "MARKER-5d1f";
  private static final Owner OWNER = Owner.of("acme", "alice");

  @Test
  void tenantIsInEveryKey() throws Exception {
    Databases databases = Databases.create();
    PostgresStore.open(databases.options()).close();
    assertThat(
            databases.text(
                "SELECT string_agg(k.conname, ',') FROM pg_constraint k WHERE k.connamespace ="
                    + " 'conversation_store'::regnamespace AND k.contype IN ('p', 'u', 'f') AND"
                    + " k.conrelid::regclass::text NOT IN ('conversation_store.store',"
                    + " 'conversation_store.nodes', 'conversation_store.jobs',"
                    + " 'conversation_store.schema_history') AND NOT EXISTS ( SELECT FROM"
                    + " pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'tenant_id'"
                    + " AND a.attnum = ANY (k.conkey))"))
        .isEqualTo("null");
    assertThat(
            databases.text(
                "SELECT string_agg(c.relname, ',') FROM pg_index i JOIN pg_class c ON"
                    + " c.oid = i.indexrelid WHERE c.relnamespace ="
                    + " 'conversation_store'::regnamespace AND c.relname NOT LIKE 'schema_history%'"
                    + " AND obj_description(c.oid) IS NULL"))
        .isEqualTo("null");
  }

  @Test
  void tablesAndColumnsSayWhatTheyAre() throws Exception {
    Databases databases = Databases.create();
    PostgresStore.open(databases.options()).close();
    String of =
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            + " WHERE c.relnamespace = 'conversation_store'::regnamespace AND c.relkind = 'r'"
            + " AND c.relname <> 'schema_history' AND a.attnum > 0 AND NOT a.attisdropped";
    assertThat(
            databases.text(
                "SELECT string_agg(c.relname || '.' || a.attname, ' ')"
                    + of
                    + " AND (obj_description(c.oid) IS NULL"
                    + " OR col_description(c.oid, a.attnum) IS NULL)"))
        .isEqualTo("null");
    assertThat(databases.text("SELECT count(*) > 70" + of)).isEqualTo("t");
  }

  @Test
  void bareDeletesAreRefusedAndFunctionsWork() throws Exception {
    Databases databases = Databases.create();
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(OWNER, NewConversation.ofId("c").withTitle(MARKER));
      store.append(OWNER, "c", Message.user(MARKER), Message.assistant("b"));
      for (String sql :
          new String[] {
            "DELETE FROM conversation_store.messages",
            "DELETE FROM conversation_store.conversations",
            "DELETE FROM conversation_store.owners",
            "DELETE FROM conversation_store.user_preferences",
            "TRUNCATE conversation_store.messages",
            "TRUNCATE conversation_store.user_preferences"
          }) {
        assertThatThrownBy(() -> databases.text(sql))
            .hasMessageContaining("delete_old_conversations()");
      }
      assertThat(
              databases.text(
                  "SELECT string_agg(content, ',') FROM"
                      + " conversation_store.get_conversation_history('alice', 'acme', 20)"))
          .isEqualTo(MARKER + ",b");
      assertThat(databases.text("SELECT conversation_store.delete_old_conversations()"))
          .isEqualTo("0");
      assertThat(databases.text("SELECT conversation_store.delete_old_conversations('-1 hour')"))
          .isEqualTo("2");
      assertThat(store.find(OWNER, "c").orElseThrow().messageCount()).isZero();
      store.append(OWNER, "c", Message.user("again"));
      assertThat(
              databases.text(
                  "SELECT conversation_store.delete_user_conversations('alice', 'acme')"))
          .isEqualTo("1");
      assertThat(store.find(OWNER, "c")).isEmpty();
      assertThatThrownBy(() -> databases.text("DELETE FROM conversation_store.owners"))
          .hasMessageContaining("refused");
    }
  }

  @Test
  void theWrittenSchemaServesAStoreThatMayNotMigrate() throws Exception {
    Databases databases = Databases.create();
    StringWriter ddl = new StringWriter();
    PostgresStore.writeSchema(ddl, "chats");
    databases.text(ddl.toString());
    PostgresOptions options = databases.options().withSchema("chats");
    for (boolean migrate : new boolean[] {false, true}) {
      try (ConversationStore store = PostgresStore.open(options.withMigration(migrate))) {
        store.createIfAbsent(OWNER, NewConversation.ofId("c"));
        assertThat(store.append(OWNER, "c", Message.user("a"))).hasSize(1);
        assertThat(store.operator().health().healthy()).isTrue();
      }
    }
  }

  @Test
  void contactCountsAndKnowsTheStore() {
    try (var engine = PostgresStore.openEngine(Databases.create().options())) {
      UUID node = UUID.randomUUID();
      var first = engine.handshake(node);
      var second = engine.handshake(node);
      assertThat(first.counterBefore()).isZero();
      assertThat(second.counterBefore()).isEqualTo(first.counter()).isEqualTo(1);
      assertThat(second.storeId()).isEqualTo(first.storeId());
    }
  }

  @Test
  void aUniqueIndexThatSomebodyAddedIsNamedInTheError() throws Exception {
    Databases databases = Databases.create();
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(OWNER, NewConversation.ofId("c").withTitle(MARKER));
      databases.text(
          "CREATE UNIQUE INDEX one_title ON conversation_store.conversations (tenant_id, title);"
              + " CREATE UNIQUE INDEX one_text ON conversation_store.messages (tenant_id,"
              + " content)");
      assertThatThrownBy(() -> store.create(OWNER, NewConversation.ofId("d").withTitle(MARKER)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("23505, constraint one_title");
      store.append(OWNER, "c", Message.user(MARKER));
      assertThatThrownBy(() -> store.append(OWNER, "c", Message.user(MARKER)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("23505, constraint one_text");
      assertThat(store.find(OWNER, "c").orElseThrow().messageCount()).isEqualTo(1);
    }
  }

  @Test
  void schemaNamesAreChecked() {
    assertThatThrownBy(() -> PostgresStore.writeSchema(new StringWriter(), "a\"; DROP"))
        .isInstanceOf(StoreConfigurationException.class);
  }
}
