package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.MessageState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A local copy with the contents of only some conversations. */
class HybridCopyLimitsTest extends OnTestbed {

  private static final int LENGTH = 10;
  private static final int TEXT = 1_000;

  /** Content limit: room for about four of the conversations made here. */
  private static final long MAX_BYTES = 55_000;

  private static final CopyLimits LIMITS = CopyLimits.NONE.withMaxBytes(4 * MAX_BYTES);

  private static final HybridOptions SMALL = HybridOptions.defaults().withCopyLimits(LIMITS);
  private static final HybridOptions DAY =
      HybridOptions.defaults().withCopyLimits(CopyLimits.NONE.withActiveWithin(Duration.ofDays(1)));

  private static UUID id(String conversation, int number) {
    return new UUID(conversation.hashCode(), number);
  }

  private static Message message(String conversation, int number) {
    return Message.user(number + " of " + conversation + " " + "x".repeat(TEXT))
        .withId(id(conversation, number));
  }

  private void append(ConversationStore store, String id, int from, int to) {
    store.append(
        alice, id, IntStream.range(from, to).mapToObj(n -> message(id, n)).toArray(Message[]::new));
  }

  private void make(ConversationStore store, String... ids) {
    for (String id : ids) {
      store.createIfAbsent(alice, NewConversation.ofId(id));
      append(store, id, 0, LENGTH);
    }
  }

  private Page<StoredMessage> read(ConversationStore store, String id) {
    return store.messages(alice, id, MessageQuery.last(1_000));
  }

  private static List<UUID> ids(Page<StoredMessage> page) {
    return page.items().stream().map(StoredMessage::id).toList();
  }

  private static List<UUID> ids(String conversation, int from, int to) {
    return IntStream.range(from, to).mapToObj(n -> id(conversation, n)).toList();
  }

  private boolean isWhole(ConversationStore store, String id) {
    return store.find(alice, id).orElseThrow().provenance().complete();
  }

  private Testbed.Interposition node(HybridOptions options) {
    return bed.interposed("a", options);
  }

  /** Checks the files directly. */
  private boolean isInCopy(Testbed.Interposition node, String id) {
    LocalStore files = node.local().engine();
    return files.find(alice, id).conversation() != null && !files.lacksMessages(alice, id);
  }

  /** Waits for the files' contents, not for a header whose messages are still to come. */
  private void awaitInCopy(Testbed.Interposition node, String id, boolean whole) {
    Instant before = Instant.now();
    Testbed.await("the feed was followed", () -> isFollowed(node.store(), before));
    Testbed.await(
        id + (whole ? " is in the copy" : " is not in the copy"),
        () -> isInCopy(node, id) == whole);
  }

  /** The node's answers while the database is away. */
  private void whileDown(ConversationStore node, Runnable action) {
    bed.goDown(node);
    action.run();
    bed.comeBack();
    Testbed.awaitDrained(node);
  }

  @Test
  void theLeastRecentlyUsedContentsAreEvictedFirst() {
    Testbed.Interposition opened = node(SMALL);
    ConversationStore node = opened.store();
    make(node, "c0", "c1", "c2", "c3", "c4", "c5", "c6");
    awaitInCopy(opened, "c0", false);
    awaitInCopy(opened, "c6", true);
    Testbed.await("it is within its limits", () -> bytes(opened) <= MAX_BYTES);
    assertThat(node.state().mirror().coverage())
        .contains("in files of at most " + 4 * MAX_BYTES + " bytes")
        .contains(" complete, ");
    whileDown(
        node,
        () -> {
          assertThat(isWhole(node, "c6")).isTrue();
          assertThat(ids(read(node, "c6"))).isEqualTo(ids("c6", 0, LENGTH));
          requireWithoutContents(node, "c0", LENGTH);
          Page<Conversation> list = node.list(alice, ConversationQuery.all());
          assertThat(list.items()).hasSize(7);
          assertThat(list.provenance().complete()).isTrue();
          assertThat(node.count(alice).messages()).isEqualTo(7L * LENGTH);
          Page<StoredMessage> history = node.history(alice, MessageQuery.first(100));
          assertThat(history.items()).hasSizeBetween(2 * LENGTH, 5 * LENGTH);
          assertThat(history.provenance().complete()).isFalse();
          assertThat(node.search(alice, SearchQuery.of("c0")).provenance().complete()).isFalse();
        });
  }

  private static long bytes(Testbed.Interposition node) {
    return held(node.local().engine());
  }

  /** The size of the contents in the files. */
  private static long held(LocalStore files) {
    return files.evict(Instant.MIN, Long.MAX_VALUE, step -> false).bytes();
  }

  private void requireWithoutContents(ConversationStore node, String id, int counted) {
    Conversation header = node.find(alice, id).orElseThrow();
    assertThat(header.messageCount()).isEqualTo(counted);
    assertThat(header.provenance().complete()).isFalse();
    assertThat(read(node, id).items()).isEmpty();
    assertThat(read(node, id).provenance().complete()).isFalse();
  }

  @Test
  void whatIsWrittenToOneWithoutContentsIsKeptAndSent() {
    Testbed.Interposition opened = node(SMALL);
    ConversationStore node = opened.store();
    make(node, "c0", "c1", "c2", "c3", "c4", "c5");
    awaitInCopy(opened, "c0", false);
    whileDown(
        node,
        () -> {
          requireWithoutContents(node, "c0", LENGTH);
          append(node, "c0", LENGTH, LENGTH + 2);
          // Sent again: this node does not know that the database has it.
          append(node, "c0", 0, 1);
          assertThat(ids(read(node, "c0")))
              .containsExactly(id("c0", LENGTH), id("c0", LENGTH + 1), id("c0", 0));
          assertThat(read(node, "c0").provenance().complete()).isFalse();
          assertThatThrownBy(() -> node.edit(alice, "c0", id("c0", 1), MessageEdit.text("other")))
              .isInstanceOf(UnknownWhileOfflineException.class);
          assertThatThrownBy(() -> node.deleteMessage(alice, "c0", id("c0", 1)))
              .isInstanceOf(UnknownWhileOfflineException.class);
          UUID evicted = id("c0", 1);
          assertThatThrownBy(() -> node.findMessage(alice, "c0", evicted))
              .isInstanceOf(UnknownWhileOfflineException.class)
              .hasMessageContaining(evicted.toString());
          assertThatThrownBy(
                  () -> node.messages(alice, "c0", MessageQuery.last(5).withStartAt(evicted)))
              .isInstanceOf(UnknownWhileOfflineException.class);
          assertThatThrownBy(() -> node.read(alice, "c0"))
              .isInstanceOf(UnknownWhileOfflineException.class);
          assertThat(node.read(alice, "c5").messages()).hasSize(LENGTH);
          assertThat(node.findMessage(alice, "c0", id("c0", LENGTH))).isPresent();
          assertThat(node.findMessage(alice, "c5", id("c5", 1))).isPresent();
          // The copy has all messages of the conversation.
          assertThat(node.findMessage(alice, "c5", id("c5", LENGTH))).isEmpty();
          assertThatThrownBy(() -> node.findMessage(alice, "elsewhere", evicted))
              .isInstanceOf(UnknownWhileOfflineException.class);
          node.deleteMessage(alice, "c5", id("c5", 1));
        });
    assertThat(ids(read(bed.direct(), "c0"))).isEqualTo(ids("c0", 0, LENGTH + 2));
    assertThat(ids(read(bed.direct(), "c5"))).hasSize(LENGTH - 1).doesNotContain(id("c5", 1));
    assertThat(node.state().rejected()).isEmpty();
  }

  @Test
  void aConversationUsedAgainIsFetchedAndAnotherIsEvicted() {
    Testbed.Interposition opened = node(SMALL);
    ConversationStore node = opened.store();
    make(node, "c0", "c1", "c2", "c3", "c4", "c5");
    awaitInCopy(opened, "c0", false);
    node.deleteMessage(alice, "c0", id("c0", 3));
    ConversationStore other = bed.node("b");
    append(other, "c0", LENGTH, LENGTH + 1);
    LocalStore files = opened.local().engine();
    Testbed.await(
        "the last message is in the copy",
        () -> files.message(alice, "c0", id("c0", LENGTH)).isPresent());
    awaitInCopy(opened, "c0", true);
    awaitInCopy(opened, "c1", false);
    whileDown(
        node,
        () -> {
          assertThat(ids(read(node, "c0")))
              .hasSize(LENGTH)
              .startsWith(id("c0", 0))
              .doesNotContain(id("c0", 3))
              .endsWith(id("c0", LENGTH));
          assertThat(read(node, "c0").provenance().complete()).isTrue();
          assertThat(isWhole(node, "c1")).isFalse();
          assertThat(isWhole(node, "c5")).isTrue();
        });
  }

  @Test
  void theLatestMessagesOfATooLargeConversationAreFetchedOnce() {
    AtomicInteger fetches = new AtomicInteger();
    make(bed.direct(), "large");
    append(bed.direct(), "large", LENGTH, 100);
    // A restart with a copy that has only the header.
    bed.node("a", HybridOptions.defaults().withCopyLimits(CopyLimits.NONE.withMaxBytes(0))).close();
    Testbed.Interposition node =
        bed.interposed(
            "a",
            SMALL,
            primary ->
                primary.after(
                    (method, arguments) -> {
                      if (method.getName().equals("messages") && arguments[3] == null) {
                        fetches.incrementAndGet();
                      }
                    }),
            local -> {});
    ConversationStore store = node.store();
    Testbed.awaitDrained(store);
    for (int i = 100; i < 105; i++) {
      Instant before = Instant.now();
      append(store, "large", i, i + 1);
      Testbed.await("the feed was followed", () -> isFollowed(store, before));
    }
    whileDown(
        store,
        () -> {
          assertThat(isWhole(store, "large")).isFalse();
          assertThat(ids(read(store, "large"))).isNotEmpty().endsWith(id("large", 104));
        });
    assertThat(fetches).hasValue(1);
  }

  private static boolean isFollowed(ConversationStore store, Instant after) {
    Instant asOf = store.state().mirror().asOf();
    return asOf != null && asOf.isAfter(after);
  }

  @Test
  void aNewNodeCopiesWhatIsActive() {
    ConversationStore direct = bed.direct();
    make(direct, "idle", "active", "edited");
    server.execute(
        bed.database(),
        "UPDATE conversation_store.messages SET created_at = created_at - interval '2 d'");
    server.execute(
        bed.database(),
        "UPDATE conversation_store.conversations SET updated_at = updated_at - interval '2 d'"
            + " WHERE conversation_id = 'idle'");
    AtomicInteger idle = new AtomicInteger();
    Testbed.Interposition opened =
        bed.interposed(
            "a",
            DAY,
            primary -> {},
            local ->
                local.before(
                    (method, arguments) -> {
                      if (method.getName().equals("mirror")) {
                        for (Object state : (List<?>) arguments[0]) {
                          idle.addAndGet(isMessageOf((State) state, "idle") ? 1 : 0);
                        }
                      }
                    }));
    ConversationStore node = opened.store();
    awaitInCopy(opened, "active", true);
    awaitInCopy(opened, "edited", true);
    Testbed.await(
        "what it holds is told",
        () -> node.state().mirror().coverage().contains(" of 3 complete, "));
    assertThat(idle).hasValue(0);
    whileDown(
        node,
        () -> {
          requireWithoutContents(node, "idle", LENGTH);
          assertThat(ids(read(node, "active"))).isEqualTo(ids("active", 0, LENGTH));
          assertThat(isWhole(node, "active")).isTrue();
        });
    // An edit of a message in the copy must reach it, however old the message is.
    direct.edit(alice, "edited", id("edited", 2), MessageEdit.text("edited text"));
    server.execute(
        bed.database(),
        "UPDATE conversation_store.messages SET edited_at = edited_at - interval '2 d'"
            + " WHERE edited_at IS NOT NULL");
    LocalStore files = opened.local().engine();
    Testbed.await(
        "the edit is in the copy",
        () ->
            files
                .message(alice, "edited", id("edited", 2))
                .orElseThrow()
                .requireLive()
                .text()
                .equals("edited text"));
  }

  private static boolean isMessageOf(State state, String id) {
    return state instanceof MessageState message && message.conversationId().equals(id);
  }

  @Test
  void aWiderCopyIsFilledFromTheDatabase() {
    Testbed.Interposition small = node(SMALL);
    make(small.store(), "c0", "c1", "c2", "c3", "c4", "c5");
    awaitInCopy(small, "c1", false);
    small.store().close();
    Testbed.Interposition wider = node(HybridOptions.defaults().withCopyLimits(CopyLimits.NONE));
    assertThat(wider.store().state().mirror().coverage()).isEqualTo("all conversations");
    awaitInCopy(wider, "c0", true);
    awaitInCopy(wider, "c1", true);
    whileDown(
        wider.store(),
        () -> {
          assertThat(ids(read(wider.store(), "c0"))).isEqualTo(ids("c0", 0, LENGTH));
          Page<StoredMessage> history = wider.store().history(alice, MessageQuery.first(100));
          assertThat(history.items()).hasSize(6 * LENGTH);
          assertThat(history.provenance().complete()).isTrue();
        });
  }

  /** Holds the feed back, as a long transaction does. */
  private void whileTheFeedIsHeld(Runnable action) {
    try (Connection connection = server.dataSource(bed.database()).getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT pg_current_xact_id()");
      action.run();
      connection.rollback();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The count of a header that is ahead of the feed does not show which messages are here.
   *
   * @param writer writes the message of that number, before another node deletes message 1
   */
  private void requireFirstIsNotKnown(
      ConversationStore node, ConversationStore writer, int number) {
    Instant before = Instant.now();
    Testbed.await("the feed was followed", () -> isFollowed(node, before));
    whileTheFeedIsHeld(
        () -> {
          append(writer, "c", number, number + 1);
          bed.direct().deleteMessage(alice, "c", id("c", 1));
          append(node, "c", 2, 3);
          bed.goDown(node);
        });
    assertThat(isWhole(node, "c")).isFalse();
    assertThatThrownBy(() -> node.edit(alice, "c", id("c", 0), MessageEdit.text("other")))
        .isInstanceOf(UnknownWhileOfflineException.class);
    assertThatThrownBy(() -> node.deleteMessage(alice, "c", id("c", 0)))
        .isInstanceOf(UnknownWhileOfflineException.class);
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(ids(read(bed.direct(), "c"))).containsExactly(id("c", 0), id("c", 2));
    assertThat(node.deleteMessage(alice, "c", id("c", 0))).isTrue();
  }

  @Test
  void aMessageThatWasGivenUpIsNotTakenForOneThatWasDeleted() {
    Testbed.Interposition opened = node(SMALL);
    ConversationStore node = opened.store();
    node.createIfAbsent(alice, NewConversation.ofId("c"));
    append(node, "c", 0, 1);
    make(node, "c1", "c2", "c3", "c4", "c5", "c6");
    awaitInCopy(opened, "c", false);
    requireFirstIsNotKnown(node, node, 1);
  }

  @Test
  void aMessageThatIsStillToComeIsNotTakenForOneThatWasDeleted() {
    Testbed.Interposition opened = node(HybridOptions.defaults());
    ConversationStore node = opened.store();
    node.createIfAbsent(alice, NewConversation.ofId("c"));
    append(node, "c", 1, 2);
    requireFirstIsNotKnown(node, bed.direct(), 0);
  }

  @Test
  void whatIsFetchedKeepsToTheLimit() {
    String[] ids = IntStream.range(0, 30).mapToObj(i -> "c" + i).toArray(String[]::new);
    make(bed.direct(), ids);
    Testbed.Interposition empty =
        node(HybridOptions.defaults().withCopyLimits(CopyLimits.NONE.withMaxBytes(0)));
    Instant opening = Instant.now();
    Testbed.await("all was told", () -> isFollowed(empty.store(), opening));
    Testbed.await("it holds nothing", () -> bytes(empty) == 0);
    empty.store().close();
    for (String id : ids) {
      append(bed.direct(), id, LENGTH, LENGTH + 1);
    }
    AtomicLong most = new AtomicLong();
    AtomicReference<LocalStore> files = new AtomicReference<>();
    Testbed.Interposition opened =
        bed.interposed(
            "a",
            SMALL,
            primary ->
                primary.after(
                    (method, arguments) -> {
                      if (method.getName().equals("messages")) {
                        most.accumulateAndGet(held(files.get()), Math::max);
                      }
                    }),
            local -> files.set(local.engine()));
    awaitInCopy(opened, "c29", true);
    Instant before = Instant.now();
    Testbed.await("the feed was followed", () -> isFollowed(opened.store(), before));
    // One conversation more than allowed.
    assertThat(most.get()).isPositive().isLessThan(MAX_BYTES + 20_000);
  }

  @Test
  void nothingIsGivenUpOnceTheDatabaseIsAway() {
    AtomicBoolean armed = new AtomicBoolean();
    AtomicReference<ConversationStore> node = new AtomicReference<>();
    AtomicInteger steps = new AtomicInteger();
    Testbed.Interposition opened =
        bed.interposed(
            "a",
            SMALL,
            primary -> {},
            local ->
                local.before(
                    (method, arguments) -> {
                      if (method.getName().equals("evict") && armed.compareAndSet(true, false)) {
                        bed.goDown();
                        // This call detects the outage.
                        assertThat(read(node.get(), "c0").items()).hasSize(LENGTH);
                        Testbed.awaitFallenBack(node.get());
                        steps.incrementAndGet();
                      }
                    }));
    node.set(opened.store());
    make(node.get(), "c0", "c1", "c2");
    Instant before = Instant.now();
    Testbed.await("the feed was followed", () -> isFollowed(node.get(), before));
    armed.set(true);
    make(bed.direct(), "c3", "c4", "c5", "c6");
    Testbed.await("it was to give something up", () -> steps.get() > 0);
    opened.store().close();
    Testbed.Interposition again = node(HybridOptions.defaults());
    assertThat(isInCopy(again, "c0")).isTrue();
  }

  @Test
  void whatWasNotFetchedWhenANodeEndedIsFetchedByTheNext() {
    AtomicBoolean tried = new AtomicBoolean();
    Testbed.Interposition small = node(SMALL);
    make(small.store(), "c0", "c1", "c2", "c3", "c4", "c5");
    awaitInCopy(small, "c0", false);
    small
        .primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("messages")) {
                tried.set(true);
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, false, "of the test", null);
              }
            });
    append(bed.direct(), "c0", LENGTH, LENGTH + 1);
    Testbed.await("it was tried", tried::get);
    // A failed fetch is not repeated in a tight loop.
    Testbed.awaitDrained(small.store());
    small.store().close();
    awaitInCopy(node(SMALL), "c0", true);
  }

  @Test
  void oneLargeConversationLeavesTheOthers() {
    Testbed.Interposition opened = node(SMALL);
    make(opened.store(), "c0", "c1", "large");
    for (int i = LENGTH; i < 50; i += 5) {
      append(opened.store(), "large", i, i + 5);
    }
    awaitInCopy(opened, "large", false);
    assertThat(isInCopy(opened, "c0")).isTrue();
    assertThat(isInCopy(opened, "c1")).isTrue();
  }

  @Test
  void anEditThatMeetsAnEvictionIsUnknownWhileOffline() {
    Testbed.Interposition opened = node(SMALL);
    ConversationStore node = opened.store();
    make(node, "c");
    Instant before = Instant.now();
    Testbed.await("the feed was followed", () -> isFollowed(node, before));
    bed.goDown(node);
    LocalStore files = opened.local().engine();
    AtomicBoolean once = new AtomicBoolean();
    opened
        .local()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("message") && once.compareAndSet(false, true)) {
                LocalStore.Steps all =
                    step -> {
                      step.run();
                      return true;
                    };
                files.evict(Instant.MAX, 0, all);
              }
            });
    assertThatThrownBy(() -> node.edit(alice, "c", id("c", 3), MessageEdit.text("other")))
        .isInstanceOf(UnknownWhileOfflineException.class);
  }
}
