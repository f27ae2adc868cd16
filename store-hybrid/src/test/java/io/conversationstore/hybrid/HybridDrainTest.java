package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.outbox.DrainPace;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pending changes are sent in batches: in order, once, and without waiting for a failing one. */
class HybridDrainTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private final Owner bob = Owner.of("acme", "bob");
  private final AtomicInteger batches = new AtomicInteger();
  private final AtomicInteger singles = new AtomicInteger();
  private Testbed.Interposition node;
  private ConversationStore store;

  @BeforeEach
  void newBed() {
    // Only the test sends.
    node = bed.interposed("a", HybridOptions.defaults());
    store = node.store();
    Testbed.awaitDrained(store);
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("applyAll")) {
                batches.incrementAndGet();
              } else if (method.getName().equals("apply")) {
                singles.incrementAndGet();
              }
            });
  }

  private static List<String> texts(ConversationStore of, Owner owner, String id) {
    return of.last(owner, id, 1_000).stream().map(StoredMessage::text).toList();
  }

  private void goDown() {
    bed.goDown(store);
    batches.set(0);
    singles.set(0);
  }

  @Test
  void row_1_4_whatIsAboutOneConversationKeepsItsOrderInBatches() {
    goDown();
    Random random = new Random(7);
    List<List<String>> expected = new ArrayList<>();
    for (int c = 0; c < 8; c++) {
      expected.add(new ArrayList<>());
    }
    for (int i = 0; i < 400; i++) {
      int c = random.nextInt(expected.size());
      Owner owner = c % 2 == 0 ? alice : bob;
      List<String> said = expected.get(c);
      if (said.isEmpty()) {
        store.createIfAbsent(owner, NewConversation.ofId("c" + c));
      }
      StoredMessage message = store.append(owner, "c" + c, Message.user("m" + i)).get(0);
      said.add("m" + i);
      if (i % 10 == 0) {
        store.edit(owner, "c" + c, message.id(), MessageEdit.text("e" + i));
        said.set(said.size() - 1, "e" + i);
      } else if (i % 10 == 1) {
        store.deleteMessage(owner, "c" + c, message.id());
        said.remove(said.size() - 1);
      } else if (i % 10 == 2) {
        store.updatePreferences(owner, PreferencesUpdate.none().withActiveConversation("c" + c));
      }
    }
    bed.comeBack();
    Testbed.awaitDrained(store);
    ConversationStore direct = bed.direct();
    for (int c = 0; c < expected.size(); c++) {
      Owner owner = c % 2 == 0 ? alice : bob;
      assertThat(texts(direct, owner, "c" + c)).isEqualTo(expected.get(c));
      assertThat(texts(store, owner, "c" + c)).isEqualTo(expected.get(c));
    }
    assertThat(direct.preferences(alice)).isEqualTo(store.preferences(alice));
    assertThat(direct.preferences(bob).activeConversation()).startsWith("c");
    assertThat(store.state().rejected()).isEmpty();
    // 528 changes, 200 at a time; the creates take a batch of their own, the end one more.
    assertThat(batches.get()).isLessThanOrEqualTo(8);
    assertThat(singles.get()).isLessThanOrEqualTo(2);
  }

  @Test
  void row_5_6_aBadChangeIsParkedAndNothingElseWaits() {
    UUID id = UUID.randomUUID();
    store.createIfAbsent(alice, CHAT);
    goDown();
    for (int i = 0; i < 20; i++) {
      store.createIfAbsent(bob, NewConversation.ofId("c" + i));
      store.append(bob, "c" + i, Message.user("fine"));
    }
    store.append(alice, "chat", Message.user("mine").withId(id));
    store.append(alice, "chat", Message.user("later"));
    ConversationStore direct = bed.direct();
    direct.append(alice, "chat", Message.user("another's").withId(id));
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(direct, alice, "chat")).containsExactly("another's", "later");
    for (int i = 0; i < 20; i++) {
      assertThat(texts(direct, bob, "c" + i)).containsExactly("fine");
    }
    assertThat(store.state().rejected()).singleElement().matches(StoreState.Rejected::parked);
    assertThat(store.state().lastResync()).extracting("drained", "parked").containsExactly(41L, 1L);
  }

  @Test
  void row_5_3_aBatchWhoseAnswerIsLostIsNotBroughtBackIntoALaterGeneration() {
    store.createIfAbsent(alice, CHAT);
    store.createIfAbsent(bob, CHAT);
    goDown();
    for (int i = 0; i < 5; i++) {
      store.append(alice, "chat", Message.user("a" + i));
      store.append(bob, "chat", Message.user("b" + i));
    }
    ConversationStore direct = bed.direct();
    loseTheAnswer(
        () -> {
          assertThat(texts(direct, alice, "chat")).hasSize(5);
          direct.delete(alice, "chat");
          direct.createIfAbsent(alice, CHAT);
        });
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(batches.get()).isGreaterThanOrEqualTo(2);
    assertThat(texts(direct, alice, "chat")).isEmpty();
    assertThat(texts(store, alice, "chat")).isEmpty();
    assertThat(texts(direct, bob, "chat")).containsExactly("b0", "b1", "b2", "b3", "b4");
    assertThat(direct.count(bob).messages()).isEqualTo(5);
    assertThat(store.state().rejected()).hasSize(5).noneMatch(StoreState.Rejected::parked);
  }

  /** Applies the next batch and loses its answer. */
  private void loseTheAnswer(Runnable meanwhile) {
    AtomicBoolean once = new AtomicBoolean();
    node.primary()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("applyAll") && once.compareAndSet(false, true)) {
                meanwhile.run();
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the answer was lost", null);
              }
            });
  }

  @Test
  void row_5_3_whatFollowsACreateIsNotSentBeforeItsGenerationIsOnDisk() {
    goDown();
    store.createIfAbsent(alice, CHAT);
    store.append(alice, "chat", Message.user("one"));
    store.append(alice, "chat", Message.user("two"));
    AtomicBoolean failing = new AtomicBoolean(true);
    AtomicInteger failed = new AtomicInteger();
    node.local()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("settle") && failing.get()) {
                failed.incrementAndGet();
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, false, "no space left", null);
              }
            });
    bed.comeBack();
    Testbed.await("the create was sent twice", () -> failed.get() >= 2);
    // Sent now, they would be in a generation unknown to this node after a crash.
    ConversationStore direct = bed.direct();
    assertThat(texts(direct, alice, "chat")).isEmpty();
    direct.delete(alice, "chat");
    direct.createIfAbsent(alice, CHAT);
    failing.set(false);
    Testbed.awaitDrained(store);
    // They were meant for the conversation made by the create, which was deleted.
    assertThat(texts(direct, alice, "chat")).isEmpty();
    assertThat(store.state().rejected())
        .hasSize(3)
        .allSatisfy(rejected -> assertThat(rejected.reason()).contains("deleted"));
  }

  @Test
  void row_1_4_aConversationThatSomebodyHoldsKeepsNoOtherWaiting() {
    store.createIfAbsent(alice, NewConversation.ofId("held"));
    store.createIfAbsent(alice, CHAT);
    goDown();
    AtomicBoolean held = new AtomicBoolean(true);
    node.primary()
        .before(
            (method, arguments) -> {
              if (held.get() && method.getName().startsWith("apply") && isAboutHeld(arguments)) {
                throw new EngineFailureException(
                    FailureKind.CONTENTION, false, "the database is busy", null);
              }
            });
    store.append(alice, "held", Message.user("1"));
    store.append(alice, "held", Message.user("2"));
    for (int i = 0; i < 250; i++) {
      store.append(alice, "chat", Message.user("m" + i));
    }
    bed.comeBack();
    ConversationStore direct = bed.direct();
    Testbed.await("the others were sent", () -> texts(direct, alice, "chat").size() == 250);
    assertThat(texts(direct, alice, "held")).isEmpty();
    assertThat(store.state().databaseInUse()).isTrue();
    held.set(false);
    Testbed.awaitDrained(store);
    assertThat(texts(direct, alice, "held")).containsExactly("1", "2");
  }

  @Test
  void row_1_4_aBulkAndAnErasureThatWaitForAHeldConversationKeepNoOtherOwnerWaiting() {
    Owner carol = Owner.of("acme", "carol");
    store.createIfAbsent(alice, NewConversation.ofId("held"));
    store.createIfAbsent(bob, NewConversation.ofId("held"));
    store.createIfAbsent(carol, CHAT);
    goDown();
    AtomicBoolean held = new AtomicBoolean(true);
    node.primary()
        .before(
            (method, arguments) -> {
              if (held.get()
                  && method.getName().startsWith("apply")
                  && (isAboutHeld(arguments) || arguments[0] instanceof Change.Bulk)) {
                throw new EngineFailureException(
                    FailureKind.CONTENTION, false, "the database is busy", null);
              }
            });
    // Behind a waiting change: an erasure, and a bulk that must wait itself.
    store.append(alice, "held", Message.user("1"));
    store.erase(alice);
    store.append(bob, "held", Message.user("1"));
    store.save(
        bob,
        ConversationDocument.of(
            NewConversation.ofId("bulk"), List.of(Message.user("in the bulk"))));
    store.append(bob, "bulk", Message.user("after the bulk"));
    for (int i = 0; i < 250; i++) {
      store.append(carol, "chat", Message.user("m" + i));
    }
    bed.comeBack();
    ConversationStore direct = bed.direct();
    Testbed.await("the others were sent", () -> texts(direct, carol, "chat").size() == 250);
    assertThat(direct.find(bob, "bulk")).isEmpty();
    held.set(false);
    Testbed.awaitDrained(store);
    assertThat(texts(direct, bob, "bulk")).containsExactly("in the bulk", "after the bulk");
    assertThat(direct.count(alice).conversations()).isZero();
  }

  @Test
  void row_1_4_whatFollowsAHeldChangeWaitsAlsoWhereItsBatchWasHalved() {
    store.createIfAbsent(alice, CHAT);
    goDown();
    for (int i = 0; i < 4; i++) {
      store.append(alice, "chat", Message.user("m" + i));
    }
    AtomicInteger calls = new AtomicInteger();
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().startsWith("apply")) {
                int call = calls.incrementAndGet();
                if (call == 1) {
                  throw new BatchRefusedException("for this test");
                } else if (call <= 3) {
                  // The first half, and then its first change.
                  throw new EngineFailureException(
                      FailureKind.CONTENTION, false, "the database is busy", null);
                }
              }
            });
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(bed.direct(), alice, "chat")).containsExactly("m0", "m1", "m2", "m3");
  }

  private static boolean isAboutHeld(Object[] arguments) {
    List<?> changes = arguments[0] instanceof List<?> list ? list : List.of(arguments[0]);
    return changes.stream()
        .map(change -> ((Change) change).ref())
        .anyMatch(ref -> ref != null && ref.id().equals("held"));
  }

  @Test
  void row_1_4_theDrainRestsOnlyWhereThereAreLiveCalls() {
    AtomicInteger asked = new AtomicInteger();
    DrainPace pace =
        new DrainPace(
            new Random(1),
            java.time.Duration.ofMillis(10),
            java.time.Duration.ofMillis(100),
            new ThreadScheduler());
    pace.rest(
        1_000,
        () -> {
          asked.incrementAndGet();
          return true;
        });
    assertThat(asked).hasValue(0);
    pace.liveCall();
    pace.rest(
        Long.MAX_VALUE / 4,
        () -> {
          asked.incrementAndGet();
          return false;
        });
    assertThat(asked).hasValue(1);
    for (int i = 0; i < 100; i++) {
      assertThat(pace.waitAfterFailure()).isBetween(7L, 126L);
    }
    pace.rest(1_000, () -> true);
    assertThat(pace.waitAfterFailure()).isBetween(7L, 13L);
  }
}
