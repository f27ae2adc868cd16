package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Retention goes in small transactions that hold nobody up, and may end anywhere. */
class RetentionTest {

  private static final Instant LONG_AGO = Instant.parse("2001-02-03T04:05:06Z");
  private static final Duration YEARS = Duration.ofDays(5_000);
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final int EACH = 3;
  private static final String PURGE_ALL =
      "SET lock_timeout = '100ms'; SELECT conversation_store.purge_deleted('0', 1000)";

  private final Databases databases = Databases.create();
  private ConversationStore store;

  /** Gives up a lock at once that it would have to wait for. */
  private ConversationStore hurried;

  @BeforeEach
  void open() {
    store = PostgresStore.open(databases.options());
    hurried =
        PostgresStore.open(
            databases
                .options()
                .withStatementTimeouts(Duration.ofSeconds(8), Duration.ofMillis(100)));
    for (String id : List.of("first", "held", "last")) {
      importOld(ALICE, id);
    }
    importOld(BOB, "other");
  }

  @AfterEach
  void close() {
    hurried.close();
    store.close();
  }

  private void importOld(Owner owner, String id) {
    List<Entry> old =
        IntStream.range(0, EACH)
            .mapToObj(
                i -> Entry.of(Message.user("old " + i)).withCreatedAt(LONG_AGO.plusSeconds(i)))
            .toList();
    store.save(owner, ConversationDocument.ofEntries(NewConversation.ofId(id), old));
  }

  /** A connection that holds what this selects until it is closed. */
  private Connection holding(String select) throws SQLException {
    Connection holder = databases.connection();
    holder.setAutoCommit(false);
    try (Statement statement = holder.createStatement()) {
      statement.execute(select);
    }
    return holder;
  }

  private Connection holdingOne() throws SQLException {
    return holding(
        "SELECT FROM conversation_store.conversations WHERE conversation_id = 'held' FOR UPDATE");
  }

  /** Starts a run and returns once it waits for the conversation that is held. */
  private CompletableFuture<Long> runThatWaits() throws SQLException {
    CompletableFuture<Long> run =
        CompletableFuture.supplyAsync(() -> store.operator().deleteMessagesOlderThan(YEARS));
    while (waiting("count(*)").equals("0")) {
      assertThat(run).isNotDone();
    }
    return run;
  }

  /** Something about the sessions that wait for a lock. */
  private String waiting(String what) throws SQLException {
    return databases.text(
        "SELECT "
            + what
            + " FROM pg_stat_activity WHERE datname = current_database()"
            + " AND wait_event_type = 'Lock'");
  }

  private long messages(Owner owner, String id) {
    return store.find(owner, id).orElseThrow().messageCount();
  }

  private void assertCountersHold() throws SQLException {
    assertThat(
            databases.text(
                "SELECT count(*) FROM conversation_store.conversations c WHERE message_count <>"
                    + " (SELECT count(*) FROM conversation_store.messages m WHERE m.deleted_at IS"
                    + " NULL AND m.tenant_id = c.tenant_id AND m.conversation_key ="
                    + " c.conversation_key)"))
        .isEqualTo("0");
    assertThat(store.operator().health().healthy()).isTrue();
  }

  @Test
  void whileARunGoesOnNobodyWaitsForIt() throws Exception {
    try (Connection holder = holdingOne()) {
      CompletableFuture<Long> run = runThatWaits();
      // Only a transaction without an id holds no row.
      assertThat(waiting("count(*) FILTER (WHERE backend_xid IS NULL)")).isEqualTo("1");
      assertThat(messages(ALICE, "first")).isZero();
      for (String id : List.of("first", "last")) {
        assertThat(hurried.append(ALICE, id, Message.user("new"))).hasSize(1);
      }
      assertThat(hurried.append(BOB, "other", Message.user("new"))).hasSize(1);
      assertThat(hurried.delete(BOB, "other")).isTrue();
      assertThat(run).isNotDone();
      holder.rollback();
      assertThat(run.join()).isEqualTo(3 * EACH);
    }
    assertThat(store.last(ALICE, "last", 10))
        .extracting(StoredMessage::text)
        .containsExactly("new");
    assertThat(messages(ALICE, "held")).isZero();
    assertCountersHold();
  }

  @Test
  void aRunThatIsCutOffLeavesWholeBatchesAndTheNextGoesOn() throws Exception {
    try (Connection holder = holdingOne()) {
      CompletableFuture<Long> run = runThatWaits();
      assertThat(waiting("count(pg_terminate_backend(pid))")).isEqualTo("1");
      assertThatThrownBy(run::join).hasCauseInstanceOf(EngineFailureException.class);
      assertThat(messages(ALICE, "first")).isZero();
      assertThat(messages(ALICE, "held")).isEqualTo(EACH);
      assertThat(messages(ALICE, "last")).isEqualTo(EACH);
      assertCountersHold();
      holder.rollback();
    }
    assertThat(store.operator().deleteMessagesOlderThan(YEARS)).isEqualTo(3 * EACH);
    assertCountersHold();
  }

  @Test
  void anOwnerOfWhomLessWasDeletedThanWasFoundIsLookedAtAgain() throws Exception {
    String alice = "FROM conversation_store.%s WHERE user_id = 'alice'";
    try (Connection holder =
        holding("SELECT " + alice.formatted("conversations") + " FOR UPDATE")) {
      CompletableFuture<String> batch =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return databases.text(
                      "SELECT deleted || ' ' || next_owner"
                          + " FROM conversation_store.blank_messages_before('0', now(), 3)");
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      while (waiting("count(*)").equals("0")) {
        assertThat(batch).isNotDone();
      }
      // Nothing of what was found may be deleted any more.
      try (Statement statement = holder.createStatement()) {
        statement.execute(
            "UPDATE conversation_store.conversations SET pinned = true WHERE user_id = 'alice'");
      }
      holder.commit();
      assertThat(batch.join())
          .isEqualTo("0 " + databases.text("SELECT owner_key " + alice.formatted("owners")));
    }
  }

  @Test
  void archivingPassesWhatIsInUse() throws Exception {
    try (Connection holder = holdingOne()) {
      assertThat(hurried.operator().archiveIdle(Duration.ZERO)).isEqualTo(3);
      holder.rollback();
    }
    assertThat(hurried.operator().archiveIdle(Duration.ZERO)).isEqualTo(1);
  }

  @Test
  void aBatchOfArchivingReadsNoMoreThanItLooksAt() throws Exception {
    databases.text(
        "SELECT count(*) FROM generate_series(1, 2000) g,"
            + " LATERAL conversation_store.create_conversation('0', 'acme', 'bob', 'c' || g,"
            + " gen_random_uuid(), -1, false, NULL, false,"
            + " '{\"title\": \"\", \"settings\": {}, \"metadata\": {}, \"tags\": [],"
            + " \"pinned\": false}') w");
    databases.text("ANALYZE conversation_store.conversations");
    String batch =
        "SELECT archived || ',' || next_tenant || ',' || next_conversation"
            + " FROM conversation_store.archive_idle_conversations(now(), 50, '%s', %s)";
    String tenant = "";
    String after = "0";
    long archived = 0;
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement()) {
      // A table as small as this one is read as a whole otherwise, which a large one is not.
      statement.execute("SET enable_seqscan = off");
      connection.setAutoCommit(false);
      for (String place = ""; place != null; ) {
        long before = rowsRead(statement);
        place = one(statement, batch.formatted(tenant, after));
        if (place != null) {
          String[] fields = place.split(",", -1);
          archived += Long.parseLong(fields[0]);
          tenant = fields[1];
          after = fields[2];
        }
        assertThat(rowsRead(statement) - before).isLessThanOrEqualTo(8 * 50);
        connection.commit();
      }
    }
    assertThat(archived).isEqualTo(2_004);
    assertThat(store.operator().archiveIdle(Duration.ZERO)).isZero();
  }

  /** What the session has read of conversations and not reported yet; some of it counts twice. */
  private static long rowsRead(Statement statement) throws SQLException {
    String read =
        one(
            statement,
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
                + " WHERE relname = 'conversations'");
    return Long.parseLong(String.valueOf(read));
  }

  private static @Nullable String one(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }

  @Test
  void deletesByADbaRunInLimitedBatches() throws Exception {
    String some = "SELECT conversation_store.delete_old_conversations('1 year', 4)";
    for (String expected : List.of("4", "4", "4", "0")) {
      assertThat(databases.text(some)).isEqualTo(expected);
      assertCountersHold();
    }
  }

  @Test
  void removalsByADbaRunInLimitedBatchesWithoutWaiting() throws Exception {
    store.append(ALICE, "last", Message.user("stays"));
    store.operator().deleteMessagesOlderThan(YEARS);
    store.delete(ALICE, "first");
    store.delete(BOB, "other");
    String some = "SET lock_timeout = '100ms'; SELECT conversation_store.purge_deleted('0', 5)";
    try (Connection holder =
        holding("SELECT FROM conversation_store.messages WHERE seq = 1 FOR UPDATE")) {
      assertThat(purge(some)).isEqualTo(5);
      assertThat(purge(some)).isEqualTo(3);
      assertThat(purge(some)).as("messages that somebody holds keep their conversation").isZero();
      assertThat(databases.text("SELECT count(*) FROM conversation_store.conversations"))
          .isEqualTo("4");
      holder.rollback();
    }
    assertThat(purge(some)).isEqualTo(5);
    assertThat(purge(some)).isEqualTo(1);
    assertThat(purge(some)).isZero();
    assertThat(store.last(ALICE, "last", 10)).hasSize(1);
    assertCountersHold();
  }

  @Test
  void whatIsMadeAfterAPurgeIsLaterThanWhatWasRemoved() throws Exception {
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    store.delete(ALICE, "chat");
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    store.updatePreferences(ALICE, PreferencesUpdate.none().withActiveConversation("chat"));
    store.delete(ALICE, "chat");
    assertThat(purge(PURGE_ALL)).isEqualTo(1);
    assertThat(store.createIfAbsent(ALICE, NewConversation.ofId("chat")).generation()).isEqualTo(3);
    assertThat(store.preferences(ALICE).activeConversation()).isNull();
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      assertThat(engine.firstGeneration(ALICE)).isEqualTo(3);
      assertThat(engine.firstGeneration(BOB)).isEqualTo(1);
      Change late =
          new Change.MessagesAppended(
              Databases.stamp(ALICE),
              new ConversationRef("chat", 2),
              List.of(NewMessage.of(UUID.randomUUID(), Message.user("for the one before"))),
              AppendCondition.always(),
              false);
      assertThat(engine.apply(late, ApplyMode.REPLAY).dropped())
          .extracting(Applied.Dropped::reason)
          .containsExactly("its conversation was deleted");
    }
    assertThat(messages(ALICE, "chat")).isZero();
    store.delete(ALICE, "first");
    assertThat(purge(PURGE_ALL)).isEqualTo(EACH + 1);
    assertThat(store.createIfAbsent(ALICE, NewConversation.ofId("first")).generation())
        .as("the highest of the owner counts")
        .isEqualTo(3);
    assertThat(store.createIfAbsent(BOB, NewConversation.ofId("new")).generation()).isEqualTo(1);
  }

  @Test
  void anOwnerWhoCreatesIsLeftByAPurge() throws Exception {
    store.delete(ALICE, "first");
    store.delete(BOB, "other");
    try (Connection holder =
        holding("SELECT FROM conversation_store.owners WHERE user_id = 'bob' FOR SHARE")) {
      assertThat(purge(PURGE_ALL)).isEqualTo(2 * EACH + 1);
      holder.rollback();
    }
    assertThat(purge(PURGE_ALL)).isEqualTo(1);
  }

  @Test
  void aCreateWaitsForAPurgeAndKnowsWhatItRemoved() throws Exception {
    store.delete(BOB, "other");
    try (Connection purging = holding("SELECT conversation_store.purge_deleted('0')")) {
      CompletableFuture<Long> create =
          CompletableFuture.supplyAsync(
              () -> store.create(BOB, NewConversation.ofId("other")).generation());
      while (waiting("count(*)").equals("0")) {
        assertThat(create).isNotDone();
      }
      purging.commit();
      assertThat(create.join()).isEqualTo(2);
    }
  }

  private long purge(String sql) throws SQLException {
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      assertThat(statement.getMoreResults()).isTrue();
      try (var row = statement.getResultSet()) {
        assertThat(row.next()).isTrue();
        return row.getLong(1);
      }
    }
  }

  @Test
  void theLoopOfTheHandbookDoesAllOfIt() throws Exception {
    store.delete(BOB, "other");
    databases.text(
        """
        DO $$
        DECLARE
          tenant text := '';
          owner bigint := 0;
        BEGIN
          WHILE tenant IS NOT NULL LOOP
            SELECT b.next_tenant, b.next_owner INTO tenant, owner
              FROM conversation_store.blank_messages_before(
                '10s', now() - interval '7 days', 500, tenant, owner) b;
            COMMIT;
          END LOOP;
          WHILE conversation_store.purge_deleted('0 days') > 0 LOOP COMMIT; END LOOP;
        END $$;
        """);
    assertThat(databases.text("SELECT count(*) FROM conversation_store.messages")).isEqualTo("0");
    assertThat(databases.text("SELECT count(*) FROM conversation_store.conversations"))
        .isEqualTo("3");
  }

  @Test
  void aPurgeTakesAllThatIsOldEnoughInBatches() throws Exception {
    List<Message> many = IntStream.range(0, 1_100).mapToObj(i -> Message.user("new " + i)).toList();
    store.save(ALICE, ConversationDocument.of(NewConversation.ofId("many"), many));
    store.delete(ALICE, "many");
    store.delete(ALICE, "held");
    store.delete(BOB, "other");
    assertThat(store.operator().purgeDeleted(StoreOperator.DEFAULT_PURGE_AFTER)).isZero();
    for (String table : List.of("messages", "conversations")) {
      databases.text(
          "UPDATE conversation_store."
              + table
              + " SET deleted_at = deleted_at - interval '31 days' WHERE deleted_at IS NOT NULL");
    }
    store.delete(ALICE, "last");
    try (Connection holder =
        holding("SELECT FROM conversation_store.messages WHERE content IS NOT NULL FOR UPDATE")) {
      assertThat(holder.isClosed()).isFalse();
      assertThat(hurried.operator().purgeDeleted(StoreOperator.DEFAULT_PURGE_AFTER))
          .isEqualTo(1_100 + 1 + 2 * (EACH + 1));
    }
    assertThat(store.operator().purgeDeleted(StoreOperator.DEFAULT_PURGE_AFTER)).isZero();
    assertThat(databases.text("SELECT count(*) FROM conversation_store.messages"))
        .as("of the live one, and of the one that was deleted just now")
        .isEqualTo(String.valueOf(2 * EACH));
    assertThat(store.find(ALICE, "first").orElseThrow().messageCount()).isEqualTo(EACH);
  }
}
