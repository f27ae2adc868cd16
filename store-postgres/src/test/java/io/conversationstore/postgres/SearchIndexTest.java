package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.testkit.CommandSequences;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The index of words and of tools: that it is used, kept right, and can be done without. */
class SearchIndexTest {

  private static final String SCHEMA = PostgresOptions.DEFAULT_SCHEMA;
  private static final String COUNT = "SELECT count(*) FROM conversation_store.messages WHERE ";

  private static Databases databases;
  private static ConversationStore store;
  private static ConversationStore without;

  @BeforeAll
  static void open() {
    databases = Databases.create();
    store = PostgresStore.open(databases.options());
    without = PostgresStore.open(databases.options().withSearch(false));
  }

  @AfterAll
  static void close() {
    store.close();
    without.close();
  }

  private static Owner someone() {
    return Owner.of("acme", UUID.randomUUID().toString());
  }

  private static List<String> found(ConversationStore in, Owner owner, String query) {
    return in.search(owner, SearchQuery.of(query)).stream()
        .map(hit -> hit.message().text())
        .toList();
  }

  @Test
  void row_5_9_wordsAreLookedUpInTheIndex() throws Exception {
    Owner owner = manyMessages();
    MessageFilter words = new MessageFilter.Words(Set.of("word27", "number77"), null, null);
    assertThat(plan(owner, words)).contains("Index Scan on messages_search");
    assertThat(found(store, owner, "word27 number77")).hasSize(1);
  }

  @Test
  void row_3_3_toolsAreLookedUpInTheIndex() throws Exception {
    Owner owner = manyMessages();
    MessageFilter tool = new MessageFilter.Tool("tool77", null);
    assertThat(plan(owner, tool)).contains("Index Scan on messages_tool_calls");
    assertThat(store.messagesByTool(owner, ToolQuery.of("tool77")).items()).hasSize(1);
    assertThat(databases.text(COUNT + "tool_calls @> '[{\"function\": {\"name\": \"tool77\"}}]'"))
        .isNotEqualTo("0");
  }

  private static Owner manyMessages() throws Exception {
    Owner owner = someone();
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 4_000; i++) {
      messages.add(
          Message.of(Role.ASSISTANT, "word" + i % 50 + " number" + i)
              .withToolCalls(ToolCall.function("call", "tool" + i, "{}")));
    }
    store.save(owner, ConversationDocument.of(NewConversation.ofId("c"), messages));
    databases.text("ANALYZE conversation_store.messages");
    return owner;
  }

  private static String plan(Owner owner, MessageFilter filter) throws Exception {
    Sql sql = new Sql(SCHEMA);
    String text = filter instanceof MessageFilter.Words ? sql.searchWords : sql.searchTool;
    try (Connection connection = databases.connection();
        PreparedStatement statement = connection.prepareStatement("EXPLAIN " + text)) {
      Search.bind(new Binder(statement), owner, filter, null, 20);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      return plan.toString();
    }
  }

  @Test
  void row_5_9_aPageIsOneRoundTrip() {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c"));
    store.append(owner, "c", Message.user("apple"), Message.user("apple pear"));
    try (FaultProxy proxy = FaultProxy.to(TestPostgres.shared());
        ConversationStore proxied =
            PostgresStore.open(databases.through(proxy.host(), proxy.port()).withPoolSize(1, 1))) {
      for (int i = 0; i < 10; i++) {
        proxied.search(owner, SearchQuery.of("apple"));
      }
      long before = proxy.roundTrips();
      for (int i = 0; i < 10; i++) {
        assertThat(proxied.search(owner, SearchQuery.of("apple")).items()).hasSize(2);
      }
      assertThat(proxy.roundTrips() - before).isEqualTo(10);
    }
  }

  @Test
  void row_5_9_keysGoWithTheTextAndHoldNone() throws Exception {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c"));
    List<StoredMessage> said =
        store.append(
            owner, "c", Message.user("apple"), Message.user("pear"), Message.of(Role.USER));
    String mine =
        " AND owner_key = (SELECT owner_key FROM conversation_store.owners WHERE user_id = '"
            + owner.userId()
            + "')";
    assertThat(databases.text(COUNT + "cardinality(search_tokens) = 1" + mine)).isEqualTo("2");
    assertThat(databases.text(COUNT + "cardinality(search_tokens) = 0" + mine)).isEqualTo("1");
    store.deleteMessage(owner, "c", said.get(0).id());
    assertThat(databases.text(COUNT + "search_tokens IS NULL" + mine)).isEqualTo("1");
    databases.text("SELECT conversation_store.delete_old_conversations('-1 hour', 1000000)");
    assertThat(databases.text(COUNT + "search_tokens IS NOT NULL" + mine)).isEqualTo("0");
    store.append(owner, "c", Message.user("plum"));
    store.delete(owner, "c");
    assertThat(databases.text(COUNT + "search_tokens IS NOT NULL" + mine)).isEqualTo("0");
    assertThat(databases.text(COUNT + "deleted_at IS NULL" + mine)).isEqualTo("0");
  }

  @Test
  void row_5_9_whereNothingCanBeWrittenWhatIsNotIndexedIsFoundToo() throws Exception {
    Databases replica = Databases.create();
    try (ConversationStore writer = PostgresStore.open(replica.options().withSearch(false))) {
      writer.create(Databases.ALICE, NewConversation.ofId("c"));
      writer.append(Databases.ALICE, "c", Message.user("apple"), Message.user("pear"));
    }
    replica.text("ALTER DATABASE \"" + replica.name + "\" SET default_transaction_read_only = on");
    try (ConversationStore reader = PostgresStore.open(replica.options())) {
      assertThat(found(reader, Databases.ALICE, "apple")).containsExactly("apple");
      assertThat(reader.state().reason()).isEqualTo("the database responds");
    }
  }

  @Test
  void row_5_9_ownersHaveKeysOfTheirOwn() {
    Set<Long> keys = new HashSet<>();
    List<Owner> owners =
        List.of(Owner.of("a", "b"), Owner.of("b", "a"), Owner.of("ab", "c"), Owner.of("a", "bc"));
    for (Owner owner : owners) {
      for (String word : List.of("apple", "elppa", "appl", "e", "c")) {
        keys.add(TokenKeys.of(owner, Set.of(word))[0]);
      }
    }
    assertThat(keys).hasSize(owners.size() * 5);
    // Stored keys: this number must never change.
    assertThat(TokenKeys.of(Owner.of("acme", "alice"), Set.of("apple"))[0])
        .isEqualTo(5_094_136_546_323_352_743L);
  }

  @Test
  void row_5_9_wordsOfOneKeyAreToldApart() throws Exception {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c"));
    store.append(owner, "c", Message.user("apple one"), Message.user("pear two"));
    store.append(owner, "c", Message.user("apple three"));
    // As if the words of every message had the keys of all.
    databases.text(
        "UPDATE conversation_store.messages m SET search_tokens = (SELECT array_agg(t) FROM"
            + " conversation_store.messages n, unnest(n.search_tokens) t"
            + " WHERE n.conversation_key = m.conversation_key) WHERE conversation_key = (SELECT"
            + " conversation_key FROM conversation_store.conversations WHERE user_id = '"
            + owner.userId()
            + "')");
    assertThat(found(store, owner, "apple")).containsExactly("apple three", "apple one");
    assertThat(store.search(owner, SearchQuery.of("apple").withLimit(1)).hasMore()).isTrue();
    assertThat(store.search(owner, SearchQuery.of("apple").withLimit(2)).hasMore()).isFalse();
    assertThat(found(store, owner, "two")).containsExactly("pear two");
  }

  @Test
  void row_5_9_withoutTheIndexTheSameIsFound() throws Exception {
    Owner owner = someone();
    without.create(owner, NewConversation.ofId("c"));
    without.append(owner, "c", Message.user("apple one"), Message.user("pear"));
    StoredMessage edited = store.append(owner, "c", Message.user("apple two")).get(0);
    without.append(
        owner,
        "c",
        Message.of(Role.USER, new ContentPart.Text("apple "), new ContentPart.Text("three")));
    assertThat(found(without, owner, "apple"))
        .containsExactly("apple three", "apple two", "apple one");
    assertThat(found(store, owner, "apple"))
        .containsExactly("apple three", "apple two", "apple one");
    without.edit(owner, "c", edited.id(), MessageEdit.text("plum"));
    for (ConversationStore each : List.of(without, store)) {
      assertThat(found(each, owner, "apple")).containsExactly("apple three", "apple one");
      assertThat(found(each, owner, "plum")).containsExactly("plum");
    }
    String unindexed =
        COUNT
            + "search_tokens IS NULL AND owner_key = (SELECT owner_key FROM"
            + " conversation_store.owners WHERE user_id = '"
            + owner.userId()
            + "')";
    assertThat(databases.text(unindexed)).as("the search above added them").isEqualTo("0");
    for (long seed = 1; seed <= 3; seed++) {
      CommandSequences.compare(seed, 200, without);
    }
  }

  @Test
  void row_5_9_anUnindexedPastIsFoundInBatches() {
    Owner owner = someone();
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 350; i++) {
      messages.add(Message.user("old " + i).withMetadata(Map.of("n", i)));
    }
    without.save(owner, ConversationDocument.of(NewConversation.ofId("c"), messages));
    assertThat(store.search(owner, SearchQuery.of("old").withLimit(1_000)).items()).hasSize(350);
    assertThat(found(store, owner, "old 349")).containsExactly("old 349");
  }

  @Test
  void row_2_7_theSchemaGoesBackAndForward() throws Exception {
    Databases fresh = Databases.create();
    Owner owner = someone();
    SchemaVersions versions = MadeUpVersion.VERSIONS;
    try (ConversationStore before = PostgresStore.open(fresh.options(), versions)) {
      before.create(owner, NewConversation.ofId("c"));
      before.append(owner, "c", Message.user("apple"));
    }
    String made = fingerprint(fresh);
    for (int version = versions.latest() - 1; version >= 0; version--) {
      fresh.text(MadeUpVersion.undo(version));
      if (version > 0) {
        assertThat(fresh.text("SELECT schema_version FROM conversation_store.store"))
            .isEqualTo(String.valueOf(version));
        assertThat(fresh.text("SELECT count(*) FROM conversation_store.messages")).isEqualTo("1");
      } else {
        assertThat(
                fresh.text(
                    "SELECT count(*) FROM pg_class WHERE relnamespace ="
                        + " 'conversation_store'::regnamespace"))
            .isEqualTo("0");
      }
      try (ConversationStore again = PostgresStore.open(fresh.options(), versions)) {
        assertThat(again.operator().health().healthy()).isTrue();
        assertThat(fingerprint(fresh)).as("after version %s", version).isEqualTo(made);
        if (version > 0) {
          assertThat(found(again, owner, "apple")).containsExactly("apple");
        }
      }
    }
    for (int none : new int[] {-1, SchemaVersions.LIBRARY.latest()}) {
      assertThatThrownBy(() -> PostgresStore.writeSchemaUndo(new StringWriter(), SCHEMA, none))
          .isInstanceOf(StoreConfigurationException.class);
    }
  }

  /** What the schema consists of. */
  private static String fingerprint(Databases database) throws Exception {
    return database.text(
        "SELECT string_agg(x, ' ; ' ORDER BY x) FROM (SELECT md5(pg_get_functiondef(p.oid)) AS x"
            + " FROM pg_proc p WHERE p.pronamespace = 'conversation_store'::regnamespace UNION ALL"
            + " SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid ="
            + " i.indexrelid WHERE c.relnamespace = 'conversation_store'::regnamespace UNION ALL"
            + " SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.connamespace ="
            + " 'conversation_store'::regnamespace UNION ALL SELECT pg_get_triggerdef(t.oid) FROM"
            + " pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND"
            + " c.relnamespace = 'conversation_store'::regnamespace UNION ALL SELECT format('%s.%s"
            + " %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_attribute"
            + " a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND a.attnum > 0 AND"
            + " NOT a.attisdropped AND c.relnamespace = 'conversation_store'::regnamespace) q");
  }
}
