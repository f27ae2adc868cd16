package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A database that answers probes and fails on sends is not retried in a tight loop. */
class HybridBackoffTest extends OnTestbed {

  private static final int MINUTE = 60_000;

  private final StepScheduler scheduler = new StepScheduler();
  private final AtomicInteger sends = new AtomicInteger();
  private final List<Integer> sizes = new ArrayList<>();
  private final AtomicReference<Failing> failing = new AtomicReference<>(changes -> null);
  private Testbed.Interposition node;
  private ConversationStore store;

  /** Gives the failure of a batch of this size; null for success. */
  @FunctionalInterface
  private interface Failing {
    FailureKind at(int changes);
  }

  @BeforeEach
  void newNode() {
    node = bed.stepped("a", scheduler);
    store = node.store();
    store.createIfAbsent(alice, NewConversation.ofId("chat"));
    // On a busy machine the first contact may come too late.
    Testbed.await(
        "the database is in use and has it",
        () -> {
          scheduler.pass(100);
          return store.state().mode() == StoreState.Mode.ONLINE
              && store.state().pending().changes() == 0;
        });
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().startsWith("apply")) {
                sends.incrementAndGet();
                int changes = arguments[0] instanceof List<?> list ? list.size() : 1;
                sizes.add(changes);
                FailureKind kind = failing.get().at(changes);
                if (kind != null) {
                  throw new EngineFailureException(kind, false, "for this test", null);
                }
              }
            });
  }

  /** Makes the node fall back, and queues this many messages. */
  private void keep(int messages) {
    Failing before = failing.getAndSet(changes -> FailureKind.UNAVAILABLE);
    for (int i = 0; i < messages; i++) {
      store.append(alice, "chat", Message.user("m" + i));
    }
    failing.set(before);
    sends.set(0);
    sizes.clear();
  }

  @Test
  void row_1_4_aDatabaseThatAnswersAndRefusesWritesIsTriedEverMoreRarely() {
    keep(3);
    AtomicInteger fallenBack = new AtomicInteger();
    store.onStateChange(
        state -> fallenBack.addAndGet(state.mode() == StoreState.Mode.OFFLINE ? 1 : 0));
    failing.set(changes -> FailureKind.MISCONFIGURED);
    scheduler.pass(MINUTE);
    // Waits start at 50 ms and double up to 2 s, each shorter by at most a quarter.
    assertThat(fallenBack.get()).isBetween(10, 50);
    // Each time the batch, and its first change alone: that change may be the cause.
    assertThat(sends.get()).isBetween(20, 100);
    failing.set(changes -> null);
    scheduler.pass(5_000);
    assertThat(store.state().pending().changes()).isZero();
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.ONLINE);
  }

  @Test
  void row_1_4_liveWritesThatTheDatabaseRefusesDoNotMakeItsUseFlap() {
    failing.set(changes -> FailureKind.MISCONFIGURED);
    for (int i = 0; i < MINUTE / 20; i++) {
      store.createIfAbsent(alice, NewConversation.ofId("c" + i));
      scheduler.pass(20);
    }
    // As above, with at most three conversations, to distinguish the failure of one from that of
    // all.
    assertThat(sends.get()).isLessThan(200);
  }

  @Test
  void row_1_4_ofChangesThatTakeTooLongTogetherFewerAreSent() {
    keep(64);
    failing.set(changes -> changes > 8 ? FailureKind.SLOW : null);
    scheduler.pass(MINUTE);
    assertThat(sizes).startsWith(64, 32, 16, 8);
    assertThat(store.state().pending().changes()).isZero();
    assertThat(bed.direct().last(alice, "chat", 100).stream().map(StoredMessage::text))
        .hasSize(64)
        .startsWith("m0", "m1")
        .endsWith("m63");
  }

  @Test
  void row_1_4_aChangeThatAloneTakesTooLongKeepsNoOtherConversationWaiting() {
    store.createIfAbsent(alice, NewConversation.ofId("other"));
    failing.set(changes -> FailureKind.UNAVAILABLE);
    store.append(alice, "chat", Message.user("too long"));
    store.append(alice, "other", Message.user("short"));
    store.append(alice, "chat", Message.user("behind it"));
    failing.set(changes -> null);
    AtomicBoolean tooLong = new AtomicBoolean(true);
    node.primary()
        .before(
            (method, arguments) -> {
              if (tooLong.get()
                  && method.getName().startsWith("apply")
                  && arguments[0].toString().contains("chat")) {
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the server did not answer in time", null);
              }
            });
    scheduler.pass(MINUTE);
    ConversationStore direct = bed.direct();
    assertThat(direct.last(alice, "other", 10)).hasSize(1);
    assertThat(direct.last(alice, "chat", 10)).isEmpty();
    tooLong.set(false);
    scheduler.pass(MINUTE);
    assertThat(direct.last(alice, "chat", 10).stream().map(StoredMessage::text))
        .containsExactly("too long", "behind it");
    assertThat(store.state().pending().changes()).isZero();
  }

  @Test
  void row_1_6_whatTheDatabaseDidNotTakeAtOnceIsShownAsBeingSent() {
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.ONLINE);
    failing.set(changes -> FailureKind.CONTENTION);
    store.append(alice, "chat", Message.user("kept"));
    assertThat(store.state().pending().changes()).isEqualTo(1);
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.RESYNCING);
    failing.set(changes -> null);
    scheduler.pass(1_000);
    assertThat(store.state().pending().changes()).isZero();
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.ONLINE);
  }
}
