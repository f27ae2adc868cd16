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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrashTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  private static List<String> texts(ConversationStore store) {
    return store.last(ALICE, "chat", 1_000).stream().map(StoredMessage::text).toList();
  }

  /** Crashes at a random call, again and again; the seed is the argument. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void acknowledgedSurvivesAndUnacknowledgedIsAllOrNothing(int seed) throws IOException {
    for (int round = 0; round < 60; round++) {
      Random random = new Random(seed * 1_000L + round);
      MemoryFiles files = new MemoryFiles();
      List<String> acknowledged = new ArrayList<>();
      boolean erased = false;
      for (int life = 0; life < 3; life++) {
        String attempted = null;
        boolean erasing = false;
        files.crashAfter(random.nextInt(120), random);
        FileEngine engine = null;
        try {
          engine = Memory.engine(files);
          ConversationStore store = Memory.front(engine);
          store.createIfAbsent(ALICE, NewConversation.withId("chat"));
          for (int i = 0; i < 40; i++) {
            attempted = life + "/" + i + " " + "x".repeat(random.nextInt(300));
            store.append(ALICE, "chat", Message.user(attempted));
            acknowledged.add(attempted);
            attempted = null;
            if (random.nextInt(20) == 0) {
              erasing = true;
              store.createIfAbsent(BOB, NewConversation.withId("b"));
              store.append(BOB, "b", Message.user("MARKER"));
              store.erase(BOB);
              erased = true;
              erasing = false;
            }
          }
        } catch (StoreUnavailableException | IOException crash) {
          assertThat(crash).isNotNull();
        }
        MemoryFiles after = files.crash(random);
        if (engine != null) {
          try {
            engine.close();
          } catch (StoreUnavailableException e) {
            assertThat(e).isNotNull();
          }
        }
        files = after;
        if (acknowledged.isEmpty() && attempted == null) {
          continue;
        }
        FileEngine again = Memory.engine(files);
        try (ConversationStore store = Memory.front(again)) {
          if (store.find(ALICE, "chat").isEmpty()) {
            assertThat(acknowledged).as("seed %d round %d", seed, round).isEmpty();
            continue;
          }
          List<String> found = texts(store);
          if (attempted != null && found.size() == acknowledged.size() + 1) {
            acknowledged.add(attempted);
          }
          assertThat(found).as("seed %d round %d", seed, round).isEqualTo(acknowledged);
          assertThat(store.operator().health().healthy()).isTrue();
          if (erased && !erasing && store.find(BOB, "b").isEmpty()) {
            assertThat(new String(files.all(), StandardCharsets.UTF_8))
                .as("seed %d round %d", seed, round)
                .doesNotContain("MARKER");
          }
        }
      }
    }
  }

  @Test
  void failedForceMovesTheTail() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.withId("chat"));
      store.append(ALICE, "chat", Message.user("a"));
      files.failNext("force");
      store.append(ALICE, "chat", Message.user("b"));
      assertThat(files.list()).contains("log-0000000002.jsonl");
      files.failNext("append");
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
    store.create(ALICE, NewConversation.withId("chat"));
    store.append(ALICE, "chat", Message.user("a"));
    files.fail("force");
    assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("b")))
        .isInstanceOf(StoreUnavailableException.class);
    files.heal();
    assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("c")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("opened anew");
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
      store.create(ALICE, NewConversation.withId("chat"));
      files.fail("append");
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
