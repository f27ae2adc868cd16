package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory runs out once on the log thread, at each of its file calls. Acknowledged writes are there,
 * and nothing is written behind a write whose progress is unknown.
 */
@Timeout(120)
class OutOfMemoryTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int MESSAGES = 12;

  /** Fails the given call of the log thread, counted from when it is armed. */
  private static final class Shortage implements Runnable {
    private final AtomicInteger left = new AtomicInteger(-1);

    void at(int call) {
      left.set(call);
    }

    boolean happened() {
      return left.get() < 0;
    }

    @Override
    public void run() {
      if (Thread.currentThread().getName().startsWith("conversation-log-")
          && left.get() >= 0
          && left.getAndDecrement() == 0) {
        throw new OutOfMemoryError("as a test wants it");
      }
    }
  }

  private static JsonFileOptions options(Durability durability) {
    return Memory.options().withDurability(durability);
  }

  private static List<String> numbers(ConversationStore store) {
    return store.last(ALICE, "chat", 100).stream()
        .map(StoredMessage::text)
        .map(text -> text.substring(0, 2))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void atNoCallIsAnythingLostOrWrittenBehindIt(Durability durability) throws IOException {
    int calls = 0;
    boolean happened = true;
    while (happened) {
      happened = runsOutAt(calls++, durability);
    }
    assertThat(calls).as("calls that the thread makes").isGreaterThan(20);
  }

  private static boolean runsOutAt(int call, Durability durability) throws IOException {
    MemoryFiles files = new MemoryFiles();
    Shortage shortage = new Shortage();
    List<String> acknowledged = new ArrayList<>();
    List<String> attempted = new ArrayList<>();
    boolean happened;
    FileEngine engine =
        FileEngine.open(new HookedFiles(files, shortage), () -> {}, options(durability));
    try (ConversationStore store = Memory.front(engine)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      shortage.at(call);
      for (int i = 0; i < MESSAGES; i++) {
        String number = String.valueOf(10 + i);
        attempted.add(number);
        try {
          store.append(ALICE, "chat", Message.user(number + "x".repeat(900)));
          acknowledged.add(number);
        } catch (StoreUnavailableException | OutOfMemoryError e) {
          assertThat(shortage.happened()).isTrue();
        }
      }
      happened = shortage.happened();
      shortage.at(-1);
      boolean refuses = store.state().reason().contains("refused");
      if (!refuses) {
        assertThat(acknowledged).as("at call %d", call).hasSizeGreaterThanOrEqualTo(MESSAGES - 1);
      }
      assertThat(store.operator().health().healthy()).isEqualTo(!refuses);
      if (refuses) {
        assertThat(store.state().reason()).contains("error of the JVM").contains("reopened");
      }
      assertThat(numbers(store)).containsAll(acknowledged);
    }
    try (ConversationStore store =
        Memory.front(FileEngine.open(files, () -> {}, options(durability)))) {
      assertThat(numbers(store)).containsAll(acknowledged).doesNotHaveDuplicates();
      assertThat(attempted).containsAll(numbers(store));
      assertThat(numbers(store)).isSorted();
      store.append(ALICE, "chat", Message.user("after"));
      assertThat(store.operator().health().healthy()).isTrue();
    }
    return happened;
  }

  @Test
  void aShortageThatNothingMeetsChangesNothing() throws IOException {
    assertThat(runsOutAt(10_000, Durability.EACH_WRITE)).isFalse();
  }
}
