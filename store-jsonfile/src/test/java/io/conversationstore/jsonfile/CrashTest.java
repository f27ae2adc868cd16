package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.FaultPlan.Call;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CrashTest {
  private static final Owner ALICE = Owner.of("acme", "alice");

  private static List<String> texts(ConversationStore store) {
    return store.last(ALICE, "chat", 1_000).stream().map(StoredMessage::text).toList();
  }

  /** All operations, small segments, faults before the crash, crashes during recovery. */
  @Test
  void acknowledgedSurvivesAndUnacknowledgedIsAllOrNothing() throws InterruptedException {
    long crashes =
        Seeds.until(
            1_700, seed -> new AloneLives(seed, Durability.EACH_WRITE, files -> files).run());
    System.out.println("CRASHES alone=" + crashes);
  }

  /**
   * Without an fsync for each write, a killed process loses nothing, and a loss of power only the
   * end.
   */
  @Test
  void withoutSyncEveryCrashLeavesABeginningOfWhatWasDone() throws InterruptedException {
    long crashes =
        Seeds.until(300, seed -> new AloneLives(seed, Durability.SYSTEM, files -> files).run());
    System.out.println("CRASHES unsynced=" + crashes);
  }

  /** The local part of a hybrid store: mirror, queue, contacts. */
  @Test
  void mirrorAndQueueSurvive() throws InterruptedException {
    long crashes = Seeds.until(800, seed -> new MirrorLives(seed, files -> files).run());
    System.out.println("CRASHES mirror=" + crashes);
  }

  /**
   * Erasures and compactions run between any two calls of the writer, and the writer between
   * theirs.
   */
  @Test
  void backgroundWorkInterleavesWithTheWriterAtEveryCall() throws InterruptedException {
    long lives = Seeds.until(60, seed -> new InterleavedLives(seed).run());
    System.out.println("CRASHES interleaved=" + lives);
  }

  @Test
  void failedForceMovesTheTail() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("a"));
      files.failNext(Call.FORCE);
      store.append(ALICE, "chat", Message.user("b"));
      assertThat(files.list()).contains("log-0000000002.jsonl");
      files.failNext(Call.APPEND);
      store.append(ALICE, "chat", Message.user("c"));
      assertThat(texts(store)).containsExactly("a", "b", "c");
      store.edit(ALICE, "chat", store.last(ALICE, "chat", 1).get(0).id(), MessageEdit.text("c2"));
    }
    try (ConversationStore store = Memory.store(files)) {
      assertThat(texts(store)).containsExactly("a", "b", "c2");
    }
  }

  @Test
  void secondFailureRefusesWritesAndSaysSo() throws IOException {
    MemoryFiles files = new MemoryFiles();
    ConversationStore store = Memory.store(files);
    store.create(ALICE, NewConversation.ofId("chat"));
    store.append(ALICE, "chat", Message.user("a"));
    files.fail(Call.FORCE);
    assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("b")))
        .isInstanceOf(StoreUnavailableException.class);
    files.heal();
    assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("c")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("reopened");
    assertThat(store.operator().health().healthy()).isFalse();
    assertThat(store.state().reason()).contains("refused");
    store.close();
    try (ConversationStore again = Memory.store(files)) {
      assertThat(texts(again)).startsWith("a").doesNotContain("c");
      again.append(ALICE, "chat", Message.user("d"));
    }
  }

  @Test
  void fullDiskRefusesOneWriteAndGoesOn() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      files.fail(Call.APPEND);
      assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("lost")))
          .isInstanceOf(StoreUnavailableException.class);
      files.heal();
      store.append(ALICE, "chat", Message.user("kept"));
      assertThat(texts(store)).containsExactly("kept");
    }
    try (ConversationStore store = Memory.store(files)) {
      assertThat(texts(store)).containsExactly("kept");
    }
  }
}
