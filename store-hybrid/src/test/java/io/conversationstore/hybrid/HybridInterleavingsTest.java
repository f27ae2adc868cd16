package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Forces events between two steps of a call. */
class HybridInterleavingsTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");
  private static final Set<String> WITHOUT_ANSWER = Set.of("apply", "applyAll", "handshake");

  private final CountDownLatch end = new CountDownLatch(1);
  private final AtomicInteger feeds = new AtomicInteger();
  private Testbed.Interposition node;
  private ConversationStore store;

  @BeforeEach
  void newNode() {
    node = bed.interposed("a", HybridOptions.defaults());
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("feed")) {
                feeds.incrementAndGet();
              }
            });
    store = node.store();
  }

  @AfterEach
  void letAllEnd() {
    end.countDown();
  }

  private List<String> texts(ConversationStore of) {
    return of.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  /** Holds the feed until the test ends. */
  private void holdTheFeed() {
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("feed")) {
                Testbed.pass(end);
              }
            });
  }

  /** Holds the drain until the test ends. */
  private void holdTheDrain() {
    node.local()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("pending") && arguments[0] instanceof Integer) {
                Testbed.pass(end);
              }
            });
  }

  /** Waits until the feed has updated the local copy, and the node knows it. */
  private void awaitFeed(BooleanSupplier seen) {
    Testbed.await("the feed reports it", seen);
    int asked = feeds.get();
    Testbed.await("the feed goes on", () -> feeds.get() > asked);
  }

  private boolean isLiveInCopy() {
    return node.local().engine().find(alice, "chat").live() != null;
  }

  private boolean isLiveInCopy(UUID message) {
    return node.local().engine().message(alice, "chat", message).orElseThrow().isLive();
  }

  /**
   * Applies the next write of this kind and loses its answer.
   *
   * @param meanwhile runs before the caller learns of the loss
   */
  private void loseTheAnswer(Class<? extends Change> kind, Runnable meanwhile) {
    AtomicBoolean once = new AtomicBoolean();
    node.primary()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("apply")
                  && arguments[1] == ApplyMode.LIVE
                  && kind.isInstance(arguments[0])
                  && once.compareAndSet(false, true)) {
                meanwhile.run();
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the answer was lost", null);
              }
            });
  }

  @Test
  void row_1_2_whatWasWrittenOnlineIsSeenByTheFallback() {
    holdTheFeed();
    store.createIfAbsent(alice, CHAT);
    assertThat(store.delete(alice, "chat")).isTrue();
    bed.goDown();
    // Looks at the conversation, and leaves nothing pending.
    assertThat(store.delete(alice, "chat")).isFalse();
    bed.comeBack();
    Testbed.awaitDrained(store);
    store.createIfAbsent(alice, CHAT);
    UUID message = store.append(alice, "chat", Message.user("online")).get(0).id();
    bed.cutWrite(CutPoint.BEFORE_FORWARD);
    assertThat(store.edit(alice, "chat", message, MessageEdit.text("edited")).text())
        .isEqualTo("edited");
    assertThat(texts(store)).containsExactly("edited");
  }

  @Test
  void row_5_5_aMessageThatIsMirroredWhileItIsLookedForIsNotMissed() {
    holdTheFeed();
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, CHAT);
    UUID message = other.append(alice, "chat", Message.user("of another node")).get(0).id();
    // Copies only the header.
    store.update(alice, "chat", ConversationUpdate.touch());
    ConversationState header = node.primary().engine().find(alice, "chat").conversation();
    State row = node.primary().engine().message(alice, "chat", message).orElseThrow();
    bed.goDown();
    assertThatThrownBy(() -> store.edit(alice, "chat", message, MessageEdit.text("early")))
        .isInstanceOf(UnknownWhileOfflineException.class);
    AtomicBoolean once = new AtomicBoolean();
    node.local()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("message") && once.compareAndSet(false, true)) {
                node.local().engine().mirror(List.of(header, row), null, null);
              }
            });
    assertThat(store.edit(alice, "chat", message, MessageEdit.text("edited")).text())
        .isEqualTo("edited");
    assertThat(once).isTrue();
  }

  @Test
  void row_5_5_aMessageOfACopyThatIsMadeWholeAfterTheLookIsNotDenied() {
    holdTheFeed();
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, CHAT);
    UUID message = other.append(alice, "chat", Message.user("of another node")).get(0).id();
    store.update(alice, "chat", ConversationUpdate.touch());
    State row = node.primary().engine().message(alice, "chat", message).orElseThrow();
    bed.goDown();
    AtomicInteger looks = new AtomicInteger();
    node.local()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("message") && looks.incrementAndGet() == 2) {
                node.local().engine().mirror(List.of(row), null, null);
              }
            });
    assertThatThrownBy(() -> store.edit(alice, "chat", message, MessageEdit.text("edited")))
        .isInstanceOf(UnknownWhileOfflineException.class);
    assertThat(store.edit(alice, "chat", message, MessageEdit.text("edited")).text())
        .isEqualTo("edited");
  }

  @Test
  void row_5_3_aDeleteThatTheFeedConfirmsBeforeItsCallerKnowsHasHappened() {
    store.createIfAbsent(alice, CHAT);
    UUID message = store.append(alice, "chat", Message.user("one")).get(0).id();
    loseTheAnswer(Change.MessageDeleted.class, () -> awaitFeed(() -> !isLiveInCopy(message)));
    assertThat(store.deleteMessage(alice, "chat", message)).isTrue();
    Testbed.awaitDrained(store);
    loseTheAnswer(Change.ConversationDeleted.class, () -> awaitFeed(() -> !isLiveInCopy()));
    assertThat(store.delete(alice, "chat")).isTrue();
    Testbed.awaitDrained(store);
    loseTheAnswer(Change.ConversationCreated.class, () -> awaitFeed(this::isLiveInCopy));
    assertThat(store.create(alice, CHAT).messageCount()).isZero();
    Testbed.awaitDrained(store);
    assertThat(bed.direct().find(alice, "chat")).isPresent();
  }

  @Test
  void row_5_3_aDeleteOfWhatWasDeletedBeforeStaysOneThatChangesNothing() {
    store.createIfAbsent(alice, CHAT);
    UUID message = store.append(alice, "chat", Message.user("one")).get(0).id();
    assertThat(store.deleteMessage(alice, "chat", message)).isTrue();
    loseTheAnswer(Change.MessageDeleted.class, () -> awaitFeed(() -> !isLiveInCopy(message)));
    assertThat(store.deleteMessage(alice, "chat", message)).isFalse();
  }

  @Test
  void row_5_6_anAppendThatMayHaveHappenedIsNotMovedToALaterGeneration() {
    ConversationStore other = bed.direct();
    store.createIfAbsent(alice, CHAT);
    loseTheAnswer(
        Change.MessagesAppended.class,
        () -> {
          other.delete(alice, "chat");
          other.createIfAbsent(alice, CHAT);
          awaitFeed(
              () -> {
                ConversationState header = node.local().engine().find(alice, "chat").conversation();
                return header != null && header.isLive() && header.generation() == 2;
              });
        });
    assertThatThrownBy(() -> store.append(alice, "chat", Message.user("of the first")))
        .isInstanceOf(ConversationNotFoundException.class);
    Testbed.awaitDrained(store);
    assertThat(texts(other)).isEmpty();
    assertThat(texts(store)).isEmpty();
  }

  @Test
  void row_1_2_aChangeThatIsDrainedWhileItIsQueuedCountsOnce() {
    holdTheFeed();
    store.createIfAbsent(alice, CHAT);
    store.createIfAbsent(alice, NewConversation.ofId("other"));
    bed.goDown();
    store.append(alice, "other", Message.user("0"));
    store.append(alice, "chat", Message.user("0"));
    CountDownLatch queued = new CountDownLatch(1);
    CountDownLatch mirrored = new CountDownLatch(1);
    node.local()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("pending") && arguments[0] instanceof Integer) {
                Testbed.pass(queued);
              } else if (method.getName().equals("settle") && end.getCount() > 0) {
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, false, "not before the test ends", null);
              }
            });
    // The drain has sent and mirrored everything, and cannot settle.
    node.local()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("mirror") && queued.getCount() == 0) {
                mirrored.countDown();
              }
            });
    AtomicBoolean nested = new AtomicBoolean();
    node.local()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("enqueue") && nested.compareAndSet(false, true)) {
                store.append(alice, "other", Message.user("1"));
                queued.countDown();
                Testbed.pass(mirrored);
              }
            });
    bed.comeBack();
    Testbed.await("the database is in use", () -> store.state().databaseInUse());
    store.append(alice, "chat", Message.user("1"));
    assertThat(store.update(alice, "chat", ConversationUpdate.touch()).messageCount()).isEqualTo(2);
    end.countDown();
    Testbed.awaitDrained(store);
    assertThat(texts(bed.direct())).containsExactly("0", "1");
  }

  @Test
  void row_5_7_whatIsPendingFromBeforeAnErasureThatWasHeardOfCountsForNothing() {
    bed.goDown(store);
    store.createIfAbsent(alice, CHAT);
    store.append(alice, "chat", Message.user("before"));
    store.updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("before"));
    holdTheDrain();
    bed.direct().erase(alice);
    bed.comeBack();
    awaitFeed(() -> node.local().engine().preferences(alice).epoch() == 1);
    assertThat(store.list(alice, ConversationQuery.all()).items()).isEmpty();
    assertThat(store.count(alice).conversations()).isZero();
    assertThat(store.preferences(alice).selectedModel()).isNull();
    assertThatThrownBy(() -> store.append(alice, "chat", Message.user("after")))
        .isInstanceOf(UnknownWhileOfflineException.class);
    end.countDown();
    Testbed.awaitDrained(store);
    assertThat(store.state().rejected()).hasSize(3).noneMatch(StoreState.Rejected::parked);
    assertThatThrownBy(() -> store.append(alice, "chat", Message.user("after")))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  void row_5_7_aSecondErasureThatIsPendingHidesWhatTheDatabaseStillHas() {
    store.createIfAbsent(alice, CHAT);
    store.append(alice, "chat", Message.user("erased"));
    store.updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("erased"));
    bed.goDown(store);
    store.erase(alice);
    // The first one may still arrive, so this one cannot know the epoch it will find.
    store.erase(alice);
    store.createIfAbsent(alice, NewConversation.ofId("new"));
    holdTheDrain();
    bed.comeBack();
    Testbed.await("the database is in use", () -> store.state().databaseInUse());
    assertThat(store.list(alice, ConversationQuery.all()).items())
        .extracting("id")
        .containsExactly("new");
    assertThat(store.history(alice, MessageQuery.last(10)).items()).isEmpty();
    assertThat(store.preferences(alice).selectedModel()).isNull();
    assertThat(store.count(alice)).isEqualTo(new OwnerCounts(1, 0));
    assertThat(store.find(alice, "chat")).isEmpty();
    end.countDown();
    Testbed.awaitDrained(store);
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(1, 0));
  }

  @Test
  void row_1_2_aCountDoesNotMixHeadersAndMessages() {
    holdTheFeed();
    ConversationStore other = bed.direct();
    store.createIfAbsent(alice, NewConversation.ofId("mine"));
    store.append(alice, "mine", Message.user("counted"));
    other.createIfAbsent(alice, CHAT);
    other.append(alice, "chat", Message.user("of another node"));
    // Copies only the header, which counts a message that the copy lacks.
    store.update(alice, "chat", ConversationUpdate.touch());
    bed.goDown();
    assertThat(store.delete(alice, "chat")).isTrue();
    assertThat(store.count(alice)).isEqualTo(new OwnerCounts(1, 1));
  }

  @Test
  void row_1_2_aHeaderThatComesBeforeItsMessageDoesNotCountItTwice() {
    holdTheFeed();
    store.createIfAbsent(alice, CHAT);
    store.append(alice, "chat", Message.user("0"));
    holdTheDrain();
    loseTheAnswer(
        Change.MessagesAppended.class,
        () -> {
          ConversationState header = node.primary().engine().find(alice, "chat").conversation();
          node.local().engine().mirror(List.of(header), null, null);
        });
    store.append(alice, "chat", Message.user("1"));
    bed.goDown();
    // Not attempted before, so the header cannot count it.
    store.append(alice, "chat", Message.user("2"));
    assertThat(texts(store)).containsExactly("0", "1", "2");
    assertThat(store.find(alice, "chat")).get().extracting("messageCount").isEqualTo(3L);
    assertThat(store.update(alice, "chat", ConversationUpdate.touch()).messageCount()).isEqualTo(3);
    assertThat(store.count(alice)).isEqualTo(new OwnerCounts(1, 3));
    bed.comeBack();
    end.countDown();
    Testbed.awaitDrained(store);
    assertThat(store.count(alice)).isEqualTo(new OwnerCounts(1, 3));
    assertThat(texts(bed.direct())).containsExactly("0", "1", "2");
  }

  @Test
  void row_1_2_oneMessageIsAskedForWithWhatIsPending() {
    store.createIfAbsent(alice, CHAT);
    UUID kept = store.append(alice, "chat", Message.user("kept")).get(0).id();
    bed.goDown(store);
    UUID pending = store.append(alice, "chat", Message.user("pending")).get(0).id();
    store.deleteMessage(alice, "chat", kept);
    HybridEngine engine =
        new HybridWiring(
                node.primary().engine(), node.local().engine(), quickly(), new ThreadScheduler())
            .engine();
    assertThat(engine.message(alice, "chat", pending)).get().extracting("live").isEqualTo(true);
    assertThat(engine.message(alice, "chat", kept)).get().extracting("live").isEqualTo(false);
    assertThat(engine.message(alice, "chat", UUID.randomUUID())).isEmpty();
  }

  private static HybridOptions quickly() {
    return HybridOptions.defaults().withProbes(Duration.ofMillis(10), Duration.ofMillis(100));
  }

  @Test
  void row_1_5_aReadThatWaitedForABatchWithoutAnswerDoesNotAskTheDatabaseAgain()
      throws InterruptedException {
    store.createIfAbsent(alice, CHAT);
    bed.goDown(store);
    store.append(alice, "chat", Message.user("pending"));
    CountDownLatch sending = new CountDownLatch(1);
    CountDownLatch noAnswer = new CountDownLatch(1);
    AtomicReference<List<String>> read = new AtomicReference<>(List.of());
    Thread reader = new Thread(() -> read.set(texts(store)), "reader");
    Queue<String> asked = new ConcurrentLinkedQueue<>();
    node.primary()
        .before(
            (method, arguments) -> {
              String name = method.getName();
              if (Thread.currentThread() == reader) {
                asked.add(name);
              } else if (name.startsWith("apply")) {
                sending.countDown();
                Testbed.pass(noAnswer);
              }
              if (sending.getCount() == 0 && WITHOUT_ANSWER.contains(name)) {
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the server did not answer in time", null);
              }
            });
    bed.comeBack();
    Testbed.pass(sending);
    reader.start();
    Testbed.await("the read waits for the batch", () -> reader.getState() == Thread.State.WAITING);
    noAnswer.countDown();
    reader.join();
    assertThat(read.get()).containsExactly("pending");
    assertThat(asked).isEmpty();
  }
}
