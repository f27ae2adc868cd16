package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreLimits;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * A marker stands in contents, titles, metadata, tags, tool calls, passwords and driver settings.
 * Every path fails, and the marker shows in no log and no exception.
 */
@EnabledOnOs(OS.LINUX)
class MarkerTest {

  private static final String MARKER = "MARKER7f3a";

  /** What the server or a trigger of the application's may raise. */
  private static final List<String> STATES =
      List.of(
          "0A000", "08006", "22001", "22023", "22P02", "22P05", "23502", "23503", "23505", "23514",
          "25006", "26000", "28000", "3D000", "40001", "40P01", "42501", "42P01", "53100", "53200",
          "53300", "54000", "55P03", "57014", "57P01", "57P05", "58030", "CS001", "CS004", "CS006",
          "CS009", "P0001", "XX000", "XX001");

  private static final String RAISE =
      "CREATE OR REPLACE FUNCTION raise_content() RETURNS trigger LANGUAGE plpgsql AS $$"
          + " BEGIN RAISE EXCEPTION 'refused %%', to_jsonb(NEW) USING ERRCODE = '%s',"
          + " DETAIL = to_jsonb(NEW)::text, HINT = to_jsonb(NEW)::text,"
          + " COLUMN = '"
          + MARKER
          + "'; END $$";

  private static TestPostgres server;

  private Databases database;
  private Leaks leaks;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void watch() {
    database = Databases.on(server);
    leaks = Leaks.of(MARKER, server.password());
  }

  @AfterEach
  void noneLeaks() {
    leaks.close();
    leaks.assertNone();
  }

  private PostgresOptions options() {
    return database
        .options()
        .withPoolSize(0, 2)
        .withPoolTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(5))
        .withNetworkTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(60))
        .withStatementTimeouts(Duration.ofSeconds(50), Duration.ofSeconds(40));
  }

  /** A store that does not wait before it tries again. */
  private static ConversationStore impatient(PostgresOptions options) {
    return new DefaultConversationStore(
        PostgresEngine.open(options, wait -> {}),
        StoreLimits.DEFAULT,
        Clock.systemUTC(),
        UUID::randomUUID,
        UUID.randomUUID());
  }

  private static NewConversation conversation(String id) {
    return NewConversation.ofId(id)
        .withTitle("title " + MARKER)
        .withTags("tag-" + MARKER)
        .withMetadata(Map.of("key", MARKER, MARKER, 1));
  }

  private static Message message() {
    return Message.assistant("text " + MARKER)
        .withToolCalls(ToolCall.function("call", "tool", "{\"a\": \"" + MARKER + "\"}"))
        .withMetadata(Map.of("key", MARKER));
  }

  private static void prepare(ConversationStore store) {
    store.create(ALICE, conversation("c"));
    store.append(ALICE, "c", message(), message());
  }

  /** Calls each kind of write and of read that carries text; all have to fail. */
  private void allFail(String path, ConversationStore store) {
    writesFail(path, store, UUID.randomUUID());
    leaks.failing(path + ", last", () -> store.last(ALICE, "c", 20));
    leaks.failing(path + ", search", () -> store.search(ALICE, SearchQuery.of(MARKER)));
    leaks.failing(path + ", tool", () -> store.messagesByTool(ALICE, ToolQuery.of(MARKER)));
    leaks.failing(
        path + ", list", () -> store.list(ALICE, ConversationQuery.all().withTag("tag-" + MARKER)));
    leaks.failing(path + ", preferences", () -> store.preferences(ALICE));
    leaks.failing(path + ", count", () -> store.count(ALICE));
    leaks.failing(
        path + ", retention", () -> store.operator().deleteMessagesOlderThan(Duration.ofHours(-1)));
  }

  private void writesFail(String path, ConversationStore store, UUID id) {
    leaks.failing(path + ", create", () -> store.create(ALICE, conversation("new")));
    leaks.failing(path + ", append", () -> store.append(ALICE, "c", message(), message()));
    leaks.failing(
        path + ", update",
        () ->
            store.update(
                ALICE,
                "c",
                ConversationUpdate.touch()
                    .withTitle(MARKER + "2")
                    .withMetadata(Map.of("k", MARKER))));
    leaks.failing(
        path + ", edit", () -> store.edit(ALICE, "c", id, MessageEdit.text("new " + MARKER)));
    leaks.failing(
        path + ", save",
        () ->
            store.save(
                ALICE,
                List.of(
                    ConversationDocument.of(conversation("s1"), List.of(message())),
                    ConversationDocument.of(conversation("s2"), List.of(message())))));
    leaks.failing(
        path + ", choose",
        () ->
            store.updatePreferences(
                ALICE,
                PreferencesUpdate.none().withActiveConversation("c").withSelectedModel(MARKER)));
  }

  @Test
  void whatTheServerRaises() throws Exception {
    try (ConversationStore store = impatient(options())) {
      prepare(store);
      UUID id = store.last(ALICE, "c", 1).get(0).id();
      database.text(RAISE.formatted("P0001"));
      for (String table : List.of("conversations", "messages", "user_preferences")) {
        database.text(
            "CREATE TRIGGER raise BEFORE INSERT OR UPDATE ON conversation_store."
                + table
                + " FOR EACH ROW EXECUTE FUNCTION raise_content()");
      }
      for (String state : STATES) {
        database.text(RAISE.formatted(state));
        writesFail(state, store, id);
      }
    }
  }

  @Test
  void whatConstraintsAndTypesRefuse() throws Exception {
    try (PrimaryStore engine = PostgresStore.openEngine(options());
        ConversationStore store = PostgresStore.open(options())) {
      prepare(store);
      database.text(
          "ALTER TABLE conversation_store.messages ADD CONSTRAINT no_more"
              + " CHECK (content NOT LIKE 'text%') NOT VALID");
      leaks.failing("check", () -> store.append(ALICE, "c", message()));
      database.text(
          "ALTER TABLE conversation_store.messages DROP CONSTRAINT no_more;"
              + "CREATE UNIQUE INDEX one_name ON conversation_store.messages ((metadata ->> 'key'),"
              + " seq)");
      store.create(ALICE, conversation("d"));
      leaks.failing("unique", () -> store.append(ALICE, "d", message()));
      database.text("DROP INDEX conversation_store.one_name");
      leaks.failing(
          "title too long for the table",
          () ->
              engine.apply(create(NewConversation.ofId("t").withTitle(MARKER.repeat(100))), LIVE));
      leaks.failing(
          "NUL for the table",
          () -> engine.apply(create(NewConversation.ofId("t").withTitle(MARKER + "\u0000")), LIVE));
      leaks.failing(
          "model too long for the table",
          () -> engine.apply(append(Message.user(MARKER).withName(MARKER.repeat(30))), LIVE));
      database.text(
          "ALTER TABLE conversation_store.messages ALTER COLUMN content TYPE varchar(10)"
              + " USING left(content, 10)");
      leaks.failing("value too long", () -> store.append(ALICE, "c", message()));
      database.text("ALTER TABLE conversation_store.messages DROP COLUMN metadata CASCADE");
      leaks.failing("undefined column", () -> store.append(ALICE, "c", message()));
      leaks.failing("undefined column, read", () -> store.last(ALICE, "c", 20));
    }
  }

  private static final ApplyMode LIVE = ApplyMode.LIVE;

  private static Change create(NewConversation conversation) {
    return new Change.ConversationCreated(stamp(ALICE), conversation, true);
  }

  private static Change append(Message message) {
    return new Change.MessagesAppended(
        stamp(ALICE),
        ConversationRef.live("c"),
        List.of(NewMessage.of(UUID.randomUUID(), message)),
        AppendCondition.always(),
        false);
  }

  @Test
  void whatTheCallerGotWrong() {
    StoreLimits limits =
        StoreLimits.DEFAULT
            .withMaxMessageBytes(2_000)
            .withMaxMetadataBytes(500)
            .withMaxJsonDepth(4)
            .withMaxMessagesPerAppend(2)
            .withMaxBulkBytes(5_000)
            .withMaxUserMessageCharacters(50);
    try (ConversationStore store = PostgresStore.open(options().withLimits(limits))) {
      prepare(store);
      Message first = message().withId(UUID.randomUUID());
      store.append(ALICE, "c", first);
      String big = MARKER.repeat(500);
      fails("exists", () -> store.create(ALICE, conversation("c")));
      fails("nowhere", () -> store.append(ALICE, "nowhere", message()));
      fails("conflict", () -> store.append(ALICE, "c", Message.user(MARKER).withId(first.id())));
      fails(
          "condition",
          () -> store.append(ALICE, "c", List.of(message()), AppendCondition.ifEmpty()));
      fails(
          "no message", () -> store.edit(ALICE, "c", UUID.randomUUID(), MessageEdit.text(MARKER)));
      fails("large message", () -> store.append(ALICE, "c", Message.assistant(big)));
      fails("long user message", () -> store.append(ALICE, "c", Message.user(MARKER.repeat(6))));
      fails("long turn", () -> store.append(ALICE, "c", message(), message(), message()));
      fails("long title", () -> store.create(ALICE, NewConversation.ofId("t").withTitle(big)));
      fails(
          "large metadata",
          () -> store.create(ALICE, NewConversation.ofId("t").withMetadata(Map.of("k", big))));
      Object deep = Map.of("a", Map.of("a", Map.of("a", Map.of("a", Map.of("a", MARKER)))));
      fails(
          "deep metadata",
          () -> store.create(ALICE, NewConversation.ofId("t").withMetadata(Map.of("k", deep))));
      fails("NUL in a name", () -> Message.user(MARKER).withName(MARKER + "\u0000"));
      fails("NUL in a tag", () -> NewConversation.ofId("t").withTags(MARKER + "\u0000"));
      fails("words", () -> store.search(ALICE, SearchQuery.of("... " + MARKER.repeat(200))));
      fails("large bulk", () -> store.save(ALICE, documents(10)));
    }
  }

  private static List<ConversationDocument> documents(int count) {
    return java.util.stream.IntStream.range(0, count)
        .mapToObj(
            i ->
                ConversationDocument.of(
                    conversation("b" + i), List.of(Message.assistant(MARKER.repeat(100)))))
        .toList();
  }

  private void fails(String path, ThrowingCallable action) {
    leaks.failing(path, action);
  }

  @Test
  void whatAReplayRejects() {
    try (PrimaryStore engine = PostgresStore.openEngine(options());
        ConversationStore store = PostgresStore.open(options())) {
      prepare(store);
      UUID id = store.last(ALICE, "c", 1).get(0).id();
      store.deleteMessage(ALICE, "c", id);
      ConversationRef first = new ConversationRef("c", 1);
      rejected(
          engine,
          new Change.MessageEdited(stamp(ALICE), first, id, MessageEdit.text("late " + MARKER)));
      store.delete(ALICE, "c");
      Change late =
          new Change.MessagesAppended(
              stamp(ALICE),
              first,
              List.of(NewMessage.of(UUID.randomUUID(), message())),
              AppendCondition.always(),
              false);
      rejected(engine, late);
      rejected(engine, new Change.Bulk(stamp(ALICE), List.of(late)));
      rejected(
          engine,
          new Change.ConversationUpdated(
              stamp(ALICE), first, ConversationUpdate.touch().withTitle(MARKER)));
      rejected(engine, append(message()));
    }
  }

  private void rejected(PrimaryStore engine, Change change) {
    Applied applied = engine.apply(change, ApplyMode.REPLAY);
    assertThat(applied.dropped()).isNotEmpty();
    assertThat(applied.dropped().toString()).doesNotContain(MARKER);
  }

  @Test
  void whatLocksAndTimeOutsEnd() throws Exception {
    PostgresOptions hasty =
        options().withStatementTimeouts(Duration.ofSeconds(40), Duration.ofMillis(50));
    PostgresOptions hurried =
        options().withStatementTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(40));
    try (ConversationStore store = impatient(hasty);
        ConversationStore brief = impatient(hurried);
        ConversationStore patient = impatient(options());
        Connection holder = database.connection();
        Statement hold = holder.createStatement()) {
      prepare(patient);
      holder.setAutoCommit(false);
      hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
      fails("lock time-out", () -> store.append(ALICE, "c", message()));
      fails("statement time-out", () -> brief.append(ALICE, "c", message()));
      endWhileWaiting("pg_terminate_backend", patient);
      endWhileWaiting("pg_cancel_backend", patient);
      holder.rollback();
    }
  }

  private void endWhileWaiting(String function, ConversationStore patient) throws SQLException {
    CompletableFuture<?> append =
        CompletableFuture.runAsync(() -> patient.append(ALICE, "c", message()));
    awaitLock(append, "count(" + function + "(pid))");
    fails(function, append::join);
  }

  /** Waits until a statement waits for a lock, and does this to it. */
  private void awaitLock(CompletableFuture<?> call, String what) throws SQLException {
    String count;
    do {
      assertThat(call).isNotDone();
      count =
          database.text(
              "SELECT "
                  + what
                  + " FROM pg_stat_activity WHERE datname = current_database()"
                  + " AND wait_event_type = 'Lock'");
    } while (count.equals("0"));
  }

  @Test
  void aPoolThatIsUsedUpOrClosed() throws Exception {
    ConversationStore store =
        PostgresStore.open(
            options()
                .withPoolSize(1, 1)
                .withPoolTimeouts(Duration.ofSeconds(10), Duration.ofMillis(300)));
    prepare(store);
    try (Connection holder = database.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
      CompletableFuture<?> waiting =
          CompletableFuture.runAsync(() -> store.append(ALICE, "c", message()));
      awaitLock(waiting, "count(*)");
      fails("no connection left", () -> store.append(ALICE, "c", message()));
      holder.rollback();
      waiting.join();
    }
    store.close();
    allFail("closed", store);
  }

  @Test
  void aServerThatIsAwaySilentOrReadOnly() {
    PostgresOptions hurried =
        options()
            .withNetworkTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(3))
            .withPoolTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(1));
    try (ConversationStore store = PostgresStore.open(hurried)) {
      prepare(store);
      UUID id = store.last(ALICE, "c", 1).get(0).id();
      server.setReadOnly(true);
      writesFail("read-only", store, id);
      server.setReadOnly(false);
      server.pause();
      fails("silent", () -> store.append(ALICE, "c", message()));
      server.resume();
      server.kill();
      allFail("away", store);
    } finally {
      server.restart();
    }
  }

  @Test
  void aWrongSetUp() throws Exception {
    PostgresOptions wrong =
        options()
            .withLogin(server.user(), "wrong-" + MARKER)
            .withPoolTimeouts(Duration.ofSeconds(10), Duration.ofMillis(300));
    try (ConversationStore store = PostgresStore.open(wrong)) {
      allFail("wrong password", store);
    }
    String url = server.jdbcUrl(database.name);
    PostgresOptions secrets =
        PostgresOptions.url(
                url
                    + (url.contains("?") ? "&" : "?")
                    + "sslpassword="
                    + MARKER
                    + "&ApplicationName="
                    + MARKER
                    + "&password=wrong-"
                    + MARKER)
            .withPoolTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(1));
    assertThat(secrets.toString()).doesNotContain(MARKER);
    try (ConversationStore store = PostgresStore.open(secrets)) {
      allFail("settings", store);
    }
    fails("URL", () -> PostgresOptions.url("jdbc:nonsense://u:" + MARKER + "@h/d"));
    for (String bad :
        List.of(
            "jdbc:postgresql://h:x/d?password=" + MARKER,
            "jdbc:postgresql://u:" + MARKER + "@h:x/d",
            url + "?targetServerType=nonsense&sslpassword=" + MARKER,
            url + "?sslmode=nonsense&sslpassword=" + MARKER,
            url + "?socketTimeout=soon&sslpassword=" + MARKER)) {
      fails("URL", () -> call(PostgresOptions.url(bad).withLogin(server.user(), MARKER)));
    }
    fails("TLS", () -> call(options().withSslMode("nonsense").withLogin("u", MARKER)));
    fails("schema", () -> options().withSchema("a \"" + MARKER));
    fails("no schema", () -> call(options().withMigration(false)));
    database.text(
        "CREATE SCHEMA conversation_store; CREATE TABLE conversation_store.store (x int)");
    fails("another schema", () -> call(options()));
  }

  private static void call(PostgresOptions options) {
    try (ConversationStore store = PostgresStore.open(options)) {
      store.append(ALICE, "c", message());
    }
  }
}
