package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The guarantees of each setting after a loss of power and after a kill. */
@Timeout(60)
class DurabilityTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final String SECRET = "BOBS-SECRET";
  private static final Duration LONG = Duration.ofHours(1);

  private final MemoryFiles files = new MemoryFiles();

  /** The interval is so long that it forces nothing before the test is over. */
  private static JsonFileOptions options(Durability durability) {
    return durability == Durability.INTERVAL
        ? Memory.options().withSyncInterval(LONG)
        : Memory.options().withDurability(durability);
  }

  private ConversationStore open(JsonFileOptions options) throws IOException {
    ConversationStore store = Memory.front(Memory.engine(files, options), options);
    store.create(ALICE, NewConversation.ofId("chat"));
    return store;
  }

  private static void append(ConversationStore store, int number) {
    store.append(ALICE, "chat", Message.user("m" + number));
  }

  /** How many messages a start would find on a disk; -1 if the conversation is missing too. */
  private static long messages(MemoryFiles disk) throws IOException {
    try (ConversationStore store = Memory.store(disk)) {
      return store.find(ALICE, "chat").map(chat -> chat.messageCount()).orElse(-1L);
    }
  }

  /** The minimum that a loss of power leaves: only what was forced. */
  private long afterLossOfPower() throws IOException {
    return messages(files.forcedOnly());
  }

  @Test
  void eachWriteSurvivesALossOfPowerWhenItIsAcknowledged() throws IOException {
    try (ConversationStore store = open(options(Durability.EACH_WRITE))) {
      for (int i = 1; i <= 20; i++) {
        append(store, i);
        assertThat(afterLossOfPower()).isEqualTo(i);
      }
    }
  }

  /** No call is made meanwhile: the interval alone brings it to the disk. */
  @Test
  void whatIsOlderThanTheIntervalSurvivesALossOfPower() throws Exception {
    JsonFileOptions options = Memory.options().withSyncInterval(Duration.ofMillis(1));
    try (ConversationStore store = open(options)) {
      for (int i = 1; i <= 20; i++) {
        append(store, i);
        files.awaitAllForced();
        assertThat(afterLossOfPower()).isEqualTo(i);
      }
    }
  }

  /**
   * After a failed fsync the page cache has bytes that the disk lacks; a second fsync would
   * succeed.
   */
  @Test
  void whatAFailedForceLeftIsNotAcknowledgedLaterWithoutAnotherWrite() throws IOException {
    JsonFileOptions options = options(Durability.EACH_WRITE);
    Message retried = Message.user("m1").withId(options.ids().get());
    try (ConversationStore store = open(options)) {
      append(store, 0);
      files.fail(FaultPlan.Call.FORCE);
      files.fail(FaultPlan.Call.CREATE);
      assertThatThrownBy(() -> store.append(ALICE, "chat", retried))
          .isInstanceOf(StoreUnavailableException.class);
    }
    files.heal();
    files.plan().failNth(FaultPlan.Call.CREATE, 1);
    try (ConversationStore store = Memory.store(files)) {
      assertThat(store.last(ALICE, "chat", 2)).hasSize(2);
      store.append(ALICE, "chat", retried);
      assertThat(afterLossOfPower()).isEqualTo(2);
    }
  }

  /** Neither setting forces each write; otherwise the tests here would not show what they save. */
  @ParameterizedTest
  @EnumSource(
      value = Durability.class,
      names = {"INTERVAL", "SYSTEM"})
  void aWriteThatIsNotForcedComesToTheDiskAtClosing(Durability durability) throws IOException {
    try (ConversationStore store = open(options(durability))) {
      append(store, 1);
      assertThat(store.last(ALICE, "chat", 1)).hasSize(1);
      assertThat(afterLossOfPower()).isEqualTo(-1);
    }
    assertThat(afterLossOfPower()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void aKilledProcessLosesNothing(Durability durability) throws IOException {
    try (ConversationStore store = open(options(durability))) {
      for (int i = 1; i <= 50; i++) {
        append(store, i);
        assertThat(messages(files.copy())).isEqualTo(i);
      }
      assertThat(files.list()).as("segments were begun meanwhile").hasSizeGreaterThan(3);
    }
  }

  /** It is killed at any call while written lines move to another segment. */
  @ParameterizedTest
  @EnumSource
  void aProcessThatIsKilledAfterAWriteHasFailedLosesNothing(Durability durability)
      throws IOException {
    for (int calls = 0; calls < 16; calls++) {
      MemoryFiles disk = new MemoryFiles();
      JsonFileOptions options = options(durability);
      ConversationStore store = Memory.front(Memory.engine(disk, options), options);
      store.create(ALICE, NewConversation.ofId("chat"));
      append(store, 1);
      append(store, 2);
      disk.plan().failNth(FaultPlan.Call.APPEND, 1);
      disk.crashAfter(calls, new Random(calls));
      try {
        append(store, 3);
      } catch (StoreUnavailableException refused) {
        assertThat(disk.plan().isDead()).isTrue();
      }
      assertThat(messages(disk.copy())).as("killed after %s calls", calls).isBetween(2L, 3L);
      closeDead(store);
    }
  }

  private static void closeDead(ConversationStore store) {
    try {
      store.close();
    } catch (StoreUnavailableException dead) {
      assertThat(dead).hasMessageContaining("memory");
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErasureSurvivesALossOfPowerWhenItIsAcknowledged(Durability durability) throws IOException {
    try (ConversationStore store = open(options(durability))) {
      store.create(BOB, NewConversation.ofId("chat"));
      store.append(BOB, "chat", Message.user(SECRET));
      append(store, 1);
      assertThat(files.holds(SECRET)).isTrue();
      store.erase(BOB);
      MemoryFiles disk = files.forcedOnly();
      assertThat(disk.holds(SECRET)).isFalse();
      try (ConversationStore after = Memory.store(disk)) {
        assertThat(after.find(BOB, "chat")).isEmpty();
        // The erasure brings earlier writes to the disk too.
        assertThat(after.last(ALICE, "chat", 10)).hasSize(1);
      }
      assertThat(disk.holds(SECRET)).isFalse();
    }
  }
}
