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
import java.sql.Statement;
import java.time.Duration;
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

  private static final int WRITERS = 8;
  private static final int APPENDS = 40;
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
    engine.apply(
        new Change.ConversationCreated(stamp(OWNER), NewConversation.withId(own), false),
        ApplyMode.LIVE);
    engine.apply(
        new Change.ConversationCreated(stamp(OWNER), NewConversation.withId("all"), false),
        ApplyMode.LIVE);
    for (int i = 0; i < APPENDS; i++) {
      engine.apply(append(own), ApplyMode.LIVE);
      if (i % 5 == 0) {
        engine.apply(append("all"), ApplyMode.LIVE);
        rollBack();
      }
    }
    return null;
  }

  /** A transaction that takes an id and ends without a trace. */
  private static void rollBack() throws Exception {
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT pg_current_xact_id()");
      connection.rollback();
    }
  }

  @Test
  void nothingIsMissed() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    List<Future<Void>> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      int writer = w;
      writers.add(threads.submit(() -> write(writer)));
    }
    Map<Object, State> mirror = new HashMap<>();
    FeedPosition position = FeedPosition.START;
    while (writers.stream().anyMatch(writer -> !writer.isDone())) {
      FeedPage page = engine.feed(position, 17);
      take(mirror, page);
      position = page.next();
    }
    for (Future<Void> writer : writers) {
      writer.get();
    }
    threads.shutdown();
    FeedPage page;
    do {
      page = engine.feed(position, 17);
      take(mirror, page);
      position = page.next();
    } while (page.more());
    for (int w = 0; w < WRITERS; w++) {
      assertSame(mirror, "c" + w, APPENDS);
    }
    assertSame(mirror, "all", WRITERS * APPENDS / 5);
    assertThat(engine.feed(position, 17).states()).isEmpty();
    assertThat(page.asOf()).isAfter(java.time.Instant.now().minusSeconds(60));
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

  @Test
  void deletesAndErasuresAreTold() {
    Owner owner = Owner.of("acme", "gone");
    engine.apply(
        new Change.ConversationCreated(stamp(owner), NewConversation.withId("d"), true),
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
