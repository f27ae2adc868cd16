package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.JsonFileStore;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

class ConversationStoreChatMemoryTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path directory;
  private ConversationStore store;

  @BeforeEach
  void open() {
    store = JsonFileStore.open(directory);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private ConversationStoreChatMemory memory(int most) {
    return ConversationStoreChatMemory.builder(store).owner(ALICE).maxMessages(most).build();
  }

  private static Message user(String text) {
    return new UserMessage(text);
  }

  private static Message answer(String text) {
    return new AssistantMessage(text);
  }

  private static Message calls(String... ids) {
    return AssistantMessage.builder()
        .content(null)
        .toolCalls(
            Arrays.stream(ids)
                .map(id -> new AssistantMessage.ToolCall(id, "function", "search", "{}"))
                .toList())
        .build();
  }

  private static Message results(String... ids) {
    return ToolResponseMessage.builder()
        .responses(Arrays.stream(ids).map(id -> new ToolResponse(id, "search", "x")).toList())
        .build();
  }

  @Test
  void theWindowBeginsWithAUserMessageAndTheHistoryKeepsAll() {
    ConversationStoreChatMemory memory = memory(3);
    for (int i = 0; i < 3; i++) {
      memory.add("c", List.of(user("q" + i), answer("a" + i)));
    }
    assertThat(memory.get("c")).containsExactly(user("q2"), answer("a2"));
    assertThat(store.last(ALICE, "c", 100)).hasSize(6);
  }

  @Test
  void aHistoryThatFitsIsShownWhole() {
    ConversationStoreChatMemory memory = memory(3);
    assertThat(memory.get("c")).isEmpty();
    memory.add("c", List.of(answer("hello"), user("q")));
    assertThat(memory.get("c")).containsExactly(answer("hello"), user("q"));
    memory.add("c", answer("a"));
    assertThat(memory.get("c")).containsExactly(answer("hello"), user("q"), answer("a"));
    memory.add("other", user("alone"));
    assertThat(memory.get("other")).containsExactly(user("alone"));
    assertThat(memory.get("c")).hasSize(3);
  }

  @Test
  void anAddLongerThanTheWindowIsShownFromItsLastTurn() {
    ConversationStoreChatMemory memory = memory(2);
    memory.add("c", List.of(user("q1"), answer("a1"), user("q2"), answer("a2")));
    assertThat(memory.get("c")).containsExactly(user("q2"), answer("a2"));
    memory.add("c", user("q3"));
    assertThat(memory.get("c")).containsExactly(user("q3"));
    assertThat(store.last(ALICE, "c", 100)).hasSize(5);
  }

  @Test
  void ofSeveralSystemMessagesTheNewestLeavesRoomForTheTurn() {
    ConversationStoreChatMemory memory = memory(5);
    memory.add("c", List.of(new SystemMessage("1"), new SystemMessage("2"), user("q1")));
    assertThat(memory.get("c")).containsExactly(new SystemMessage("2"), user("q1"));
    memory.add("c", List.of(answer("a1"), user("q2"), answer("a2")));
    assertThat(memory.get("c"))
        .containsExactly(
            new SystemMessage("2"), user("q1"), answer("a1"), user("q2"), answer("a2"));
  }

  @Test
  void theNewestSystemMessageIsShownFirstAndReplacesOthers() {
    ConversationStoreChatMemory memory = memory(4);
    memory.add("c", List.of(new SystemMessage("old"), user("q0"), answer("a0")));
    for (int i = 1; i < 4; i++) {
      memory.add("c", List.of(user("q" + i), answer("a" + i)));
    }
    assertThat(memory.get("c")).containsExactly(new SystemMessage("old"), user("q3"), answer("a3"));
    memory.add("c", new SystemMessage("new"));
    assertThat(memory.get("c")).containsExactly(new SystemMessage("new"), user("q3"), answer("a3"));
  }

  @Test
  void systemMessagesCanBeLeftOut() {
    ConversationStoreChatMemory memory =
        ConversationStoreChatMemory.builder(store).owner(ALICE).systemMessages(false).build();
    memory.add("c", List.of(new SystemMessage("s"), user("q")));
    assertThat(memory.get("c")).containsExactly(user("q"));
  }

  @Test
  void aToolCallIsShownWithAllOfItsResultsOrNotAtAll() {
    ConversationStoreChatMemory memory = memory(10);
    memory.add("c", List.of(user("q"), calls("1", "2"), results("1")));
    assertThat(memory.get("c")).containsExactly(user("q"));
    memory.add("c", results("2"));
    assertThat(memory.get("c"))
        .containsExactly(user("q"), calls("1", "2"), results("1"), results("2"));
    memory.add("c", List.of(calls("3"), user("and?"), results("4"), answer("ok")));
    assertThat(memory.get("c"))
        .containsExactly(
            user("q"), calls("1", "2"), results("1"), results("2"), user("and?"), answer("ok"));
  }

  @Test
  void callsWithEqualIdsNeedAsManyResults() {
    ConversationStoreChatMemory memory = memory(10);
    memory.add("c", List.of(user("q"), calls("", ""), results("")));
    assertThat(memory.get("c")).containsExactly(user("q"));
    memory.add("c", results(""));
    assertThat(memory.get("c")).hasSize(4);
  }

  @Test
  void openCallsAreShownWhereAnAdvisorInsideTheLoopNeedsThem() {
    ConversationStoreChatMemory memory =
        ConversationStoreChatMemory.builder(store).owner(ALICE).openToolCalls(true).build();
    memory.add("c", List.of(user("q"), calls("1")));
    assertThat(memory.get("c")).containsExactly(user("q"), calls("1"));
  }

  @Test
  void aTurnLongerThanTheWindowIsShownFromItsEnd() {
    ConversationStoreChatMemory memory = memory(3);
    memory.add("c", user("q"));
    for (int i = 0; i < 5; i++) {
      memory.add("c", List.of(calls("1"), results("1")));
    }
    memory.add("c", answer("done"));
    assertThat(memory.get("c")).containsExactly(calls("1"), results("1"), answer("done"));
  }

  @Test
  void aToolMessageWithManyResultsCountsOnce() {
    ConversationStoreChatMemory memory = memory(4);
    Message calls = calls("1", "2", "3", "4", "5", "6");
    Message results = results("1", "2", "3", "4", "5", "6");
    memory.add("c", List.of(user("earlier"), answer("a"), user("q"), calls, results));
    memory.add("c", answer("done"));
    assertThat(memory.get("c")).containsExactly(user("q"), calls, results, answer("done"));
  }

  @Test
  void clearDeletesTheConversation() {
    ConversationStoreChatMemory memory = memory(4);
    memory.add("c", user("q"));
    memory.clear("c");
    memory.clear("never there");
    assertThat(memory.get("c")).isEmpty();
    assertThat(store.find(ALICE, "c")).isEmpty();
  }

  @Test
  void anEmptyAddStoresNothing() {
    memory(4).add("c", List.of());
    assertThat(store.find(ALICE, "c")).isEmpty();
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " "})
  void aMissingIdIsRefusedByEveryCall(String missing) {
    ConversationStoreChatMemory memory = memory(4);
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> memory.add(missing, List.of(user("q"))),
            () -> memory.add(missing, user("q")),
            () -> memory.get(missing),
            () -> memory.clear(missing))) {
      assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining("conversationId");
    }
  }

  @Test
  void missingMessagesAreRefusedAndNothingIsStored() {
    ConversationStoreChatMemory memory = memory(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.add("c", (List<Message>) null))
        .withMessageContaining("messages");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.add("c", (Message) null))
        .withMessageContaining("null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.add("c", Arrays.asList(user("q"), null)))
        .withMessageContaining("null");
    assertThat(store.find(ALICE, "c")).isEmpty();
  }

  @Test
  void aWindowOutOfRangeIsOneClearError() {
    for (int size : List.of(-1, 0, 1_001)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> memory(size))
          .withMessageContaining("1 to 1000");
    }
  }
}
