package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolQuery;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How often each call goes to the server, and by which index the large ones read. */
class StatementCountTest {

  private static final Owner OWNER = Owner.of("acme", "counter");

  /** So often that the driver has prepared what it prepares. */
  private static final int WARM = 8;

  private static final String APPEND_NEW =
      "SELECT FROM conversation_store.append_new('1s', 'acme', 'counter', 'c0', 0, 1, 0, 0, 0,"
          + " ARRAY[gen_random_uuid()], ARRAY[decode(md5('x'), 'hex')], ARRAY['user'],"
          + " ARRAY['x'], ARRAY['{}'], ARRAY[NULL::jsonb])";

  private static FaultProxy proxy;
  private static Databases databases;
  private static ConversationStore store;
  private static PrimaryStore engine;

  @BeforeAll
  static void open() {
    proxy = FaultProxy.to(TestPostgres.shared());
    databases = Databases.create();
    PostgresOptions options = databases.through(proxy.host(), proxy.port()).withPoolSize(1, 1);
    store = PostgresStore.open(options);
    engine = PostgresStore.openEngine(options);
    store.create(OWNER, NewConversation.ofId("c").withTags("t"));
    store.append(OWNER, "c", Message.user("apple"), Message.assistant("pear"));
  }

  @AfterAll
  static void close() {
    engine.close();
    store.close();
    proxy.close();
  }

  private static void assertTrips(int each, Runnable call) {
    for (int i = 0; i < WARM; i++) {
      call.run();
    }
    // A pool looks after its connections meanwhile, which counts too, but not time after time.
    long fewest = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && fewest > 5L * each; attempt++) {
      long before = proxy.roundTrips();
      for (int i = 0; i < 5; i++) {
        call.run();
      }
      fewest = Math.min(fewest, proxy.roundTrips() - before);
    }
    assertThat(fewest).isEqualTo(5L * each);
  }

  @Test
  void aWriteIsOneRoundTripAndARepeatedAppendTwo() {
    assertTrips(1, () -> store.append(OWNER, "c", Message.user("one")));
    assertTrips(1, () -> store.append(OWNER, "c", Message.user("a"), Message.assistant("b")));
    Message[] many =
        IntStream.range(0, 200).mapToObj(i -> Message.user("m" + i)).toArray(Message[]::new);
    assertTrips(1, () -> store.append(OWNER, "c", many));
    StoredMessage last = store.last(OWNER, "c", 1).get(0);
    Message again = last.message();
    assertTrips(
        1, () -> store.append(OWNER, "c", List.of(again), AppendCondition.ifLastIs(last.id())));
    assertTrips(2, () -> store.append(OWNER, "c", again));
    NewConversation ifAbsent = NewConversation.ofId("c");
    assertTrips(1, () -> store.append(OWNER, ifAbsent, Message.user("one")));
    assertTrips(1, () -> store.append(OWNER, ifAbsent, Message.user("a"), Message.assistant("b")));
    assertTrips(1, () -> store.append(OWNER, ifAbsent, again));
    assertTrips(1, () -> store.append(OWNER, NewConversation.titled("t"), Message.user("one")));
    assertTrips(1, () -> store.edit(OWNER, "c", last.id(), MessageEdit.text("edited")));
    assertTrips(1, () -> store.update(OWNER, "c", ConversationUpdate.touch().withTitle("new")));
    assertTrips(1, () -> store.create(OWNER, NewConversation.titled("t")));
    assertTrips(1, () -> store.createIfAbsent(OWNER, NewConversation.ofId("c")));
    assertTrips(1, () -> store.deleteMessage(OWNER, "c", last.id()));
    assertTrips(1, () -> store.delete(OWNER, "nowhere"));
  }

  @Test
  void aSaveIsThreeAConversationAndOneACommit() {
    List<Message> messages = List.of(Message.user("1"), Message.assistant("2"));
    assertTrips(
        4,
        () -> store.save(OWNER, ConversationDocument.of(NewConversation.ofId("saved"), messages)));
    List<ConversationDocument> three = new ArrayList<>();
    for (String id : List.of("s1", "s2", "s3")) {
      three.add(ConversationDocument.of(NewConversation.ofId(id), messages));
    }
    assertTrips(10, () -> store.save(OWNER, three));
  }

  @Test
  void aReadIsOneRoundTrip() {
    assertTrips(1, () -> store.find(OWNER, "c"));
    assertTrips(1, () -> store.last(OWNER, "c", 20));
    assertTrips(1, () -> store.messages(OWNER, "c", MessageQuery.first(10)));
    assertTrips(1, () -> store.history(OWNER, MessageQuery.last(10)));
    assertTrips(1, () -> store.list(OWNER, ConversationQuery.all().withTag("t").withLimit(10)));
    assertTrips(1, () -> store.search(OWNER, SearchQuery.of("apple")));
    assertTrips(1, () -> store.messagesByTool(OWNER, ToolQuery.of("weather")));
    assertTrips(1, () -> store.count(OWNER));
    assertTrips(1, () -> store.operator().statistics("acme"));
    assertTrips(1, () -> store.operator().activeUsers("acme", Duration.ofDays(1), 10));
  }

  @Test
  void preferencesAreOneRoundTripAndOneForTheConversation() {
    store.updatePreferences(OWNER, PreferencesUpdate.none().withActiveConversation("c"));
    assertTrips(2, () -> store.preferences(OWNER));
  }

  @Test
  void aPageOfTheFeedIsTheHeadAndOneForEachTable() {
    assertTrips(5, () -> engine.feed(FeedPosition.START, 10));
  }

  @Test
  void largeReadsGoByTheirIndexes() throws Exception {
    Owner owner = Owner.of("acme", "large");
    List<Message> messages =
        IntStream.range(0, 3_000).mapToObj(i -> Message.user("number " + i)).toList();
    store.save(owner, ConversationDocument.of(NewConversation.ofId("c"), messages));
    List<ConversationDocument> conversations =
        IntStream.range(0, 1_000)
            .mapToObj(i -> ConversationDocument.of(NewConversation.ofId("c" + i), List.of()))
            .toList();
    store.save(owner, conversations);
    databases.text("ANALYZE");
    Sql sql = new Sql(PostgresOptions.DEFAULT_SCHEMA);
    assertThat(
            plan(
                sql.messagesForward,
                in ->
                    in.text("acme").text("large").text("c").text("acme").number(1_500).number(51)))
        .contains("Index Scan using messages_pkey");
    assertThat(
            plan(
                sql.conversations,
                in ->
                    in.text("acme")
                        .text("large")
                        .text(null)
                        .text(null)
                        .text(null)
                        .text(null)
                        .optionalFlag(null)
                        .optionalFlag(null)
                        .text(null)
                        .text(null)
                        .time(Reads.LONG_AGO)
                        .time(Reads.FAR)
                        .time(Reads.LONG_AGO)
                        .time(Reads.FAR)
                        .time(Reads.FAR)
                        .time(Reads.FAR)
                        .text("")
                        .number(51)))
        .contains("Index Scan using conversations_recent");
  }

  /**
   * Nothing is known of a fresh table, and the list of an owner's conversations may seem as good;
   * but it has an entry for each append of the owner's until it is vacuumed.
   */
  @Test
  void anAppendToAFreshDatabaseFindsItsConversationByTheKey() throws Exception {
    Databases fresh = Databases.create();
    try (ConversationStore own = PostgresStore.open(fresh.options())) {
      for (int i = 0; i < 3; i++) {
        own.create(OWNER, NewConversation.ofId("c" + i));
      }
    }
    for (String mode : List.of("auto", "force_generic_plan", "force_custom_plan")) {
      try (Connection connection = fresh.connection();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("SET LOCAL plan_cache_mode = " + mode);
        for (int i = 0; i < 20; i++) {
          statement.execute(APPEND_NEW);
          statement.execute(
              "SELECT FROM conversation_store.append_messages('1s', 'acme', 'counter', 'c0', 0, 1,"
                  + " false, NULL, false, NULL, false, json_build_array(json_build_object('id',"
                  + " gen_random_uuid(), 'digest', md5('x'), 'role', 'user', 'content', 'x',"
                  + " 'search_tokens', '[]'::json)))");
        }
        assertThat(scans(statement, "conversations_recent")).as(mode).isZero();
        assertThat(scans(statement, "conversations_tenant_id_user_id_conversation_id_key"))
            .as(mode)
            .isGreaterThanOrEqualTo(40);
        connection.rollback();
      }
    }
  }

  /** The append as it was before its condition kept the planner from that list. */
  @Test
  void theTestAboveCatchesAnAppendThatReadsTheList() throws Exception {
    Databases fresh = Databases.create();
    try (ConversationStore own = PostgresStore.open(fresh.options())) {
      own.create(OWNER, NewConversation.ofId("c0"));
    }
    try (Connection connection = fresh.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SET LOCAL plan_cache_mode = force_generic_plan");
      statement.execute(
          "DO $$ BEGIN EXECUTE replace(pg_get_functiondef("
              + "'conversation_store.append_new'::regproc), 'num_nulls(c.deleted_at) <> 0',"
              + " 'c.deleted_at IS NULL'); END $$");
      statement.execute(APPEND_NEW);
      assertThat(scans(statement, "conversations_recent")).isPositive();
      connection.rollback();
    }
  }

  /** How often the transaction looked something up in an index. */
  private static long scans(Statement statement, String index) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT pg_stat_get_xact_numscans('conversation_store." + index + "'::regclass)")) {
      row.next();
      return row.getLong(1);
    }
  }

  private static String plan(String text, Reads.Parameters parameters) throws SQLException {
    try (Connection connection = databases.connection();
        PreparedStatement statement = connection.prepareStatement("EXPLAIN " + text)) {
      parameters.set(new Binder(statement));
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      return plan.toString();
    }
  }
}
