package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.State.ConversationState;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The local files fail: while the database works, during its outage, and during a drain. */
class HybridLocalFaultTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");
  private static final String LOCAL_FAILURE = "no space left";
  private static final String DAMAGE = "a line is damaged";

  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private final Set<String> damaged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger feeds = new AtomicInteger();
  private final AtomicBoolean feedHeld = new AtomicBoolean();

  /** A node whose local files refuse the calls named in {@link #failing}, or report damage. */
  private Testbed.Interposition node() {
    return bed.interposed(
        "a",
        HybridOptions.defaults(),
        primary ->
            primary.before(
                (method, arguments) -> {
                  if (method.getName().equals("feed")) {
                    feeds.incrementAndGet();
                  }
                  if (method.getName().equals("feed") && feedHeld.get()) {
                    throw new IllegalStateException("the feed is held back");
                  }
                }),
        local ->
            local.before(
                (method, arguments) -> {
                  if (failing.contains(method.getName())) {
                    failed.incrementAndGet();
                    throw new EngineFailureException(
                        FailureKind.UNAVAILABLE, false, LOCAL_FAILURE, null);
                  }
                  if (damaged.contains(method.getName())) {
                    throw new StoreDamagedException(DAMAGE, null);
                  }
                }));
  }

  private List<String> texts(ConversationStore of) {
    return of.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  private static boolean isDirty(ConversationStore store) {
    return store.state().mirror() != null && store.state().mirror().dirty();
  }

  private static boolean isCopyWhole(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> check.name().equals("local copy complete"))
        .allMatch(StoreHealth.Check::passed);
  }

  @Test
  void row_1_3_aDatabaseWhoseContactCannotBeRecordedIsUsed() {
    failing.addAll(Set.of("remember", "mirror", "enqueue", "settle"));
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    assertThat(store.state().databaseInUse()).isTrue();
    store.createIfAbsent(alice, CHAT);
    store.append(alice, "chat", Message.user("kept"));
    assertThat(texts(store)).containsExactly("kept");
    Testbed.await("the copy misses something", () -> isDirty(store));
    assertThat(isCopyWhole(store)).isFalse();
    assertThat(node.local().engine().identity().storeId()).isNull();

    failing.clear();
    Testbed.await("the copy is whole", () -> !isDirty(store));
    assertThat(isCopyWhole(store)).isTrue();
    assertThat(node.local().engine().identity().storeId()).isNotNull();
    bed.goDown(store);
    assertThat(texts(store)).containsExactly("kept");
    store.append(alice, "chat", Message.user("pending"));
    store.close();
    bed.comeBack();
    // The counter in the database is the one that was recorded late.
    ConversationStore again = bed.node("a");
    Testbed.awaitDrained(again);
    assertThat(texts(bed.direct())).containsExactly("kept", "pending");
  }

  @Test
  void row_1_3_whatTheCopyCouldNotTakeIsHealed() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    UUID first = store.append(alice, "chat", Message.user("first")).get(0).id();
    Testbed.await("the copy follows", () -> node.local().engine().count(alice).messages() == 1);
    feedHeld.set(true);
    failing.add("mirror");
    UUID missed = store.append(alice, "chat", Message.user("missed")).get(0).id();
    Testbed.await("the copy misses something", () -> isDirty(store));
    assertThat(isCopyWhole(store)).isFalse();
    assertThat(texts(store)).containsExactly("first", "missed");

    // Conversations missing in the copy are not reported as absent.
    bed.goDown();
    assertThatThrownBy(() -> store.edit(alice, "chat", missed, MessageEdit.text("x")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("no space left");
    Page<StoredMessage> page = store.messages(alice, "chat", MessageQuery.last(10));
    assertThat(page.provenance().complete()).isFalse();
    assertThat(store.history(alice, MessageQuery.last(10)).provenance().complete()).isFalse();
    assertThat(store.search(alice, SearchQuery.of("first")).provenance().complete()).isFalse();
    assertThat(store.find(alice, "chat").map(Conversation::provenance))
        .get()
        .extracting("complete")
        .isEqualTo(false);

    failing.clear();
    bed.comeBack();
    Testbed.awaitDrained(store);
    store.edit(alice, "chat", first, MessageEdit.text("later"));
    Testbed.await("the copy is whole", () -> !isDirty(store));
    bed.goDown();
    assertThat(texts(store)).containsExactly("later", "missed");
    assertThat(store.messages(alice, "chat", MessageQuery.last(10)).provenance().complete())
        .isTrue();
  }

  @Test
  void row_1_3_aConversationMadeAnewThatTheCopyMissedIsNotDenied() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    store.delete(alice, "chat");
    Testbed.await(
        "the copy follows",
        () -> {
          ConversationState header = node.local().engine().find(alice, "chat").conversation();
          return header != null && !header.isLive();
        });
    feedHeld.set(true);
    failing.add("mirror");
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> store.append(alice, "chat", Message.user("x")))
          .isInstanceOf(StoreUnavailableException.class);
      assertThatThrownBy(() -> store.find(alice, "chat"))
          .isInstanceOf(UnknownWhileOfflineException.class);
      assertThatThrownBy(() -> texts(store)).isInstanceOf(UnknownWhileOfflineException.class);
    }
    failing.clear();
    assertWritesGoToWhatTheNodeMade(store);
  }

  /** With space on the disk again, the copy first takes what it missed. */
  private void assertWritesGoToWhatTheNodeMade(ConversationStore store) {
    store.append(alice, CHAT, Message.user("of the second"));
    assertThat(texts(store)).containsExactly("of the second");
    feedHeld.set(false);
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(bed.direct().find(alice, "chat").orElseThrow().generation()).isEqualTo(2);
    assertThat(texts(bed.direct())).containsExactly("of the second");
  }

  @Test
  void row_1_3_aConversationWhoseDeleteTheCopyMissedTakesNothing() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    Testbed.await(
        "the copy follows", () -> node.local().engine().find(alice, "chat").live() != null);
    feedHeld.set(true);
    failing.add("mirror");
    store.delete(alice, "chat");
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    assertThatThrownBy(() -> store.append(alice, "chat", Message.user("of the first")))
        .isInstanceOf(StoreUnavailableException.class);
    failing.clear();
    assertWritesGoToWhatTheNodeMade(store);
  }

  @Test
  void row_1_3_aCopyThatCannotFollowDoesNotEndTheUseOfTheDatabase() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    Queue<StoreState.Mode> modes = new ConcurrentLinkedQueue<>();
    store.onStateChange(state -> modes.add(state.mode()));
    failing.add("mirror");
    bed.direct().append(alice, "chat", Message.user("of another node"));
    Testbed.await("the copy failed to follow", () -> failed.get() >= 3);
    assertThat(store.state().databaseInUse()).isTrue();
    failing.clear();
    Testbed.await("the copy follows", () -> node.local().engine().count(alice).messages() == 1);
    assertThat(modes).doesNotContain(StoreState.Mode.OFFLINE);
  }

  @Test
  void row_1_3_bothFailingIsSaidWithBothCauses() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    failing.add("enqueue");
    // One call that detects the outage, and one that no longer asks the database.
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> store.append(alice, "chat", Message.user("nowhere")))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining(LOCAL_FAILURE)
          .satisfies(
              both -> {
                assertThat(both.getCause())
                    .isInstanceOf(EngineFailureException.class)
                    .hasMessageContaining("database");
                assertThat(both.getSuppressed())
                    .singleElement()
                    .extracting(Throwable::getMessage)
                    .isEqualTo(LOCAL_FAILURE);
              });
    }
    failing.clear();
    store.append(alice, "chat", Message.user("kept"));
    assertThat(texts(store)).containsExactly("kept");
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(bed.direct())).containsExactly("kept");
  }

  @Test
  void row_1_4_whatIsSentStaysPendingUntilTheCopyHasIt() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    store.append(alice, "chat", Message.user("one"));
    store.append(alice, "chat", Message.user("two"));
    feedHeld.set(true);
    failing.add("mirror");
    bed.comeBack();
    ConversationStore direct = bed.direct();
    Testbed.await("a change was sent", () -> texts(direct).contains("one"));
    Testbed.await("the copy did not take it", () -> failed.get() >= 2);
    assertThat(store.state().pending().changes()).isEqualTo(2);
    assertThat(store.state().databaseInUse()).isTrue();
    bed.goDown();
    assertThat(texts(store)).containsExactly("one", "two");
    failing.clear();
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(direct)).containsExactly("one", "two");
    bed.goDown();
    assertThat(texts(store)).containsExactly("one", "two");
  }

  @Test
  void row_1_4_whatCannotBeSettledIsSentAgainAndCountsOnce() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    store.append(alice, "chat", Message.user("one"));
    store.append(alice, "chat", Message.user("two"));
    failing.add("settle");
    bed.comeBack();
    Testbed.await("the drain tried twice", () -> failed.get() >= 2);
    assertThat(store.state().databaseInUse()).isTrue();
    assertThat(texts(store)).containsExactly("one", "two");
    failing.clear();
    Testbed.awaitDrained(store);
    assertThat(texts(store)).containsExactly("one", "two");
    assertThat(texts(bed.direct())).containsExactly("one", "two");
    assertThat(store.state().rejected()).isEmpty();
  }

  @Test
  void row_5_6_whatIsDroppedAndCannotBeSettledIsReportedOnce() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    bed.goDown(store);
    store.append(alice, "chat", Message.user("too late"));
    bed.direct().delete(alice, "chat");
    failing.add("settle");
    bed.comeBack();
    Testbed.await("the drain tried three times", () -> failed.get() >= 3);
    assertThat(store.state().rejected()).hasSize(1);
    failing.clear();
    Testbed.awaitDrained(store);
    assertThat(store.state().rejected()).hasSize(1);
  }

  @Test
  void row_1_4_whatIsPendingInABrokenDirectoryKeepsItsConversationAndNoOther() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    store.createIfAbsent(alice, NewConversation.ofId("other"));
    bed.goDown();
    store.append(alice, "chat", Message.user("one"));
    failing.addAll(Set.of("remember", "mirror", "enqueue", "settle"));
    bed.comeBack();
    ConversationStore direct = bed.direct();
    Testbed.await("the pending change was sent", () -> texts(direct).contains("one"));
    // The attempt cannot be recorded, so a later write would precede its repetition.
    assertThatThrownBy(() -> store.append(alice, "chat", Message.user("two")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("earlier changes")
        .hasMessageContaining(LOCAL_FAILURE);
    store.append(alice, "other", Message.user("goes on"));
    assertThat(texts(store)).containsExactly("one");
    assertThat(store.last(alice, "other", 10)).hasSize(1);
    assertThat(direct.last(alice, "other", 10)).hasSize(1);

    failing.clear();
    Testbed.awaitDrained(store);
    store.append(alice, "chat", Message.user("two"));
    assertThat(texts(store)).containsExactly("one", "two");
    assertThat(texts(direct)).containsExactly("one", "two");
    assertThat(store.state().rejected()).isEmpty();
  }

  @Test
  void row_1_3_aDamagedCopyDoesNotKeepAMessageFromBeingDeletedInTheDatabase() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    UUID id = store.append(alice, "chat", Message.user("gone")).get(0).id();
    damaged.add("message");
    assertThat(store.deleteMessage(alice, "chat", id)).isTrue();
    assertThat(texts(bed.direct())).isEmpty();
  }

  @Test
  void row_1_3_aReadThatNeitherStoreAnswersNamesBothCauses() {
    ConversationStore store = node().store();
    store.createIfAbsent(alice, CHAT);
    bed.goDown();
    failing.add("messages");
    assertNeitherAnswers(store, LOCAL_FAILURE);
    failing.clear();
    damaged.add("messages");
    assertNeitherAnswers(store, DAMAGE);
    bed.comeBack();
    Testbed.awaitDrained(store);
    bed.goDown();
    assertNeitherAnswers(store, DAMAGE);
  }

  private void assertNeitherAnswers(ConversationStore store, String locally) {
    assertThatThrownBy(() -> texts(store))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("neither the database nor the local files answered")
        .hasMessageContaining(locally)
        .satisfies(
            both -> {
              assertThat(both.getCause())
                  .isInstanceOf(EngineFailureException.class)
                  .hasMessageContaining("database");
              assertThat(both.getSuppressed())
                  .singleElement()
                  .extracting(Throwable::getMessage)
                  .isEqualTo(locally);
            });
  }

  @Test
  void row_1_3_whatAnErrorKeptOutOfTheCopyIsHealed() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    Testbed.await(
        "the copy follows", () -> node.local().engine().find(alice, "chat").live() != null);
    feedHeld.set(true);
    AtomicBoolean once = new AtomicBoolean(true);
    node.local()
        .before(
            (method, arguments) -> {
              // Only copies of this node's own writes.
              if (method.getName().equals("mirror")
                  && arguments.length == 1
                  && once.compareAndSet(true, false)) {
                throw new StackOverflowError("for this test");
              }
            });
    store.append(alice, "chat", Message.user("kept"));
    Testbed.await("the copy is healed", () -> node.local().engine().count(alice).messages() == 1);
    assertThat(once).isFalse();
  }

  @Test
  void row_1_6_aBrokenDiskIsSaidOnceUntilItIsWell() {
    Testbed.Interposition node = node();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, CHAT);
    // Written after the call: a disk that failed earlier would be reported as well.
    Testbed.await("the copy has it", () -> node.local().engine().count(alice).conversations() == 1);
    awaitFeed();
    ConversationStore direct = bed.direct();
    try (Warnings warnings = Warnings.counted()) {
      for (int broken = 1; broken <= 2; broken++) {
        failed.set(0);
        failing.add("mirror");
        direct.append(alice, "chat", Message.user("of another node"));
        Testbed.await("the copy failed to follow", () -> failed.get() >= 4);
        failing.clear();
        int there = broken;
        Testbed.await(
            "the copy follows", () -> node.local().engine().count(alice).messages() == there);
        awaitFeed();
        assertThat(warnings.count()).isEqualTo(broken);
      }
    }
  }

  /** Waits for three more feed requests: by then one full pass has succeeded. */
  private void awaitFeed() {
    int before = feeds.get();
    Testbed.await("the feed is read", () -> feeds.get() >= before + 3);
  }
}
