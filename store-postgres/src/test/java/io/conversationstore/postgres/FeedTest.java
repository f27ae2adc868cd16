package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The feed misses nothing, whatever commits or rolls back meanwhile. */
class FeedTest {

  private static final int WRITERS = 16;
  private static final int APPENDS = 20;
  private static final Owner OWNER = Owner.of("acme", "feed");

  private static Databases databases;
  private static PrimaryStore engine;

  @BeforeAll
  static void open() {
    databases = Databases.create();
    // Time enough for a connection, however busy the machine is.
    engine =
        PostgresStore.openEngine(
            databases
                .options()
                .withPoolSize(2, 12)
                .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(60)));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  private static Change append(String conversation) {
    return new Change.MessagesAppended(
        stamp(OWNER),
        ConversationRef.live(conversation),
        List.of(NewMessage.of(UUID.randomUUID(), Message.user("m"))),
        AppendCondition.always(),
        false);
  }

  private static Void write(int writer) throws Exception {
    String own = "c" + writer;
    create(own);
    create("all");
    for (int i = 0; i < APPENDS; i++) {
      engine.apply(append(own), ApplyMode.LIVE);
      if (i % 5 == 0) {
        engine.apply(append("all"), ApplyMode.LIVE);
        try (Connection connection = appending(own)) {
          connection.rollback();
        }
      }
    }
    return null;
  }

  private static void create(String conversation) {
    engine.apply(
        new Change.ConversationCreated(stamp(OWNER), NewConversation.ofId(conversation), false),
        ApplyMode.LIVE);
  }

  /** A transaction that has appended a message, and lasts until its connection ends it. */
  private static Connection appending(String conversation) throws SQLException {
    Connection connection = databases.connection();
    connection.setAutoCommit(false);
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT conversation_store.append_messages('0', 'acme', 'feed', ?, -1, 0, false, NULL,"
                + " false, NULL, false, json_build_array(json_build_object('id',"
                + " gen_random_uuid(), 'digest', repeat('0', 32), 'role', 'user',"
                + " 'content', 'of a transaction')))")) {
      statement.setString(1, conversation);
      statement.execute();
    }
    return connection;
  }

  @Test
  void nothingIsMissedAndNothingToldTwice() throws Exception {
    create("held");
    Follower follower = new Follower();
    follower.follow();
    follower.told.clear();
    Instant began = follower.page.asOf();
    List<Future<Void>> writers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    try (Connection holder = appending("held")) {
      for (int w = 0; w < WRITERS; w++) {
        int writer = w;
        writers.add(threads.submit(() -> write(writer)));
      }
      while (writers.stream().anyMatch(writer -> !writer.isDone())) {
        follower.next();
      }
      for (Future<Void> writer : writers) {
        writer.get();
      }
      follower.follow();
      assertThat(follower.told).as("what a long transaction holds back").isEmpty();
      // So the lag that is shown grows as long as the transaction lasts.
      assertThat(follower.page.asOf())
          .isBetween(began, databaseTime("xact_start", "state = 'idle in transaction'"));
      holder.commit();
    }
    Instant ended = databaseTime("clock_timestamp()", "pid = pg_backend_pid()");
    threads.shutdown();
    follower.follow();
    for (int w = 0; w < WRITERS; w++) {
      assertSame(follower.mirror, "c" + w, APPENDS);
    }
    assertSame(follower.mirror, "all", WRITERS * APPENDS / 5);
    assertSame(follower.mirror, "held", 1);
    assertThat(follower.told.values())
        .hasSize(WRITERS * APPENDS + WRITERS * APPENDS / 5 + 1)
        .containsOnly(1);
    assertThat(follower.page.asOf()).isAfterOrEqualTo(ended);
    assertThat(engine.feed(follower.position, 17).states()).isEmpty();
  }

  private static Instant databaseTime(String what, String of) throws SQLException {
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT "
                    + what
                    + " FROM pg_stat_activity WHERE datname = current_database() AND "
                    + of)) {
      assertThat(row.next()).isTrue();
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  /** Reads the feed as a local copy does, and counts how often each message is told. */
  private static final class Follower {
    final Map<Object, State> mirror = new HashMap<>();
    final Map<UUID, Integer> told = new HashMap<>();
    FeedPosition position = FeedPosition.START;
    FeedPage page = engine.feed(position, 1);

    void next() {
      page = engine.feed(position, 17);
      take(mirror, page);
      for (State state : page.states()) {
        if (state instanceof MessageState message) {
          told.merge(message.messageId(), 1, Integer::sum);
        }
      }
      position = page.next();
    }

    /** Reads to the end. */
    void follow() {
      do {
        next();
      } while (page.more());
    }
  }

  private static void assertSame(Map<Object, State> mirror, String conversation, int messages) {
    var slice = engine.messages(OWNER, conversation, Direction.FORWARD, null, 1_000);
    assertThat(slice.slice().items()).hasSize(messages);
    assertThat(mirror.get(conversation)).isEqualTo(slice.conversation());
    for (MessageState message : slice.slice().items()) {
      assertThat(mirror.get(message.messageId())).isEqualTo(message);
    }
  }

  private static void take(Map<Object, State> mirror, FeedPage page) {
    int order = 0;
    for (State state : page.states()) {
      int kind = state instanceof OwnerState ? 0 : state instanceof ConversationState ? 1 : 2;
      assertThat(kind).isGreaterThanOrEqualTo(order);
      order = kind;
      if (state instanceof ConversationState conversation) {
        mirror.merge(
            conversation.id(),
            conversation,
            (a, b) ->
                ((ConversationState) a).version() > ((ConversationState) b).version() ? a : b);
      } else if (state instanceof MessageState message) {
        assertThat(mirror).containsKey(message.conversationId());
        mirror.put(message.messageId(), message);
      }
    }
  }

  /** After a crash the ids of transactions that left no trace are given to others. */
  @Test
  void whatGetsAnIdThatHadBeenGivenBeforeIsTold() throws SQLException {
    create("again");
    engine.apply(append("again"), ApplyMode.LIVE);
    String lost = databases.text("SELECT pg_current_xact_id()");
    Follower follower = new Follower();
    follower.follow();
    follower.told.clear();
    follower.follow();
    assertThat(follower.told).isEmpty();
    databases.text(
        "UPDATE conversation_store.messages m SET changed_xid = '"
            + lost
            + "'::xid8 FROM conversation_store.conversations c WHERE c.conversation_id = 'again'"
            + " AND m.conversation_key = c.conversation_key");
    follower.follow();
    assertThat(follower.told).hasSize(1);
  }

  @Test
  void deletesAndErasuresAreTold() {
    Owner owner = Owner.of("acme", "gone");
    engine.apply(
        new Change.ConversationCreated(stamp(owner), NewConversation.ofId("d"), true),
        ApplyMode.LIVE);
    engine.apply(
        new Change.ConversationDeleted(stamp(owner), ConversationRef.live("d")), ApplyMode.LIVE);
    assertThat(all())
        .anyMatch(
            state ->
                state instanceof ConversationState conversation
                    && conversation.owner().equals(owner)
                    && !conversation.isLive());
    engine.apply(new Change.OwnerErased(stamp(owner)), ApplyMode.LIVE);
    assertThat(all()).contains(new OwnerState(owner, 1));
  }

  private static List<State> all() {
    return engine.feed(FeedPosition.START, 100_000).states();
  }
}
