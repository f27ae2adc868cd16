package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.ChatMemoryProvider;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.MemoryId;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a call of an AI service shows the model and asks of the store. */
class CallsOfAServiceTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final SystemMessage HELPFUL = SystemMessage.from("Be helpful");
  private static final SystemMessage FUNNY = SystemMessage.from("Be funny");
  private static final AiMessage OK = AiMessage.from("ok");

  private final ConversationStore store = ReferenceStore.create(Clock.systemUTC());
  private final CountingStore counting = new CountingStore(store);
  private final List<List<ChatMessage>> prompts = new ArrayList<>();

  /** Memories over the store. */
  enum Kind {
    FRAMEWORKS_WINDOW {
      @Override
      ChatMemory memory(Object id, ConversationStore store, int size) {
        return MessageWindowChatMemory.builder()
            .id(id)
            .maxMessages(size)
            .alwaysKeepSystemMessageFirst(true)
            .chatMemoryStore(
                ConversationChatMemoryStore.builder()
                    .store(store)
                    .keys(key -> ConversationKey.of(ALICE, key.toString()))
                    .build())
            .build();
      }
    },
    OWN_WINDOW {
      @Override
      ChatMemory memory(Object id, ConversationStore store, int size) {
        return ConversationChatMemory.builder()
            .id(id)
            .store(store)
            .conversation(ConversationKey.of(ALICE, id.toString()))
            .maxMessages(size)
            .build();
      }
    };

    abstract ChatMemory memory(Object id, ConversationStore store, int size);
  }

  interface Assistant {
    String chat(@MemoryId int id, @dev.langchain4j.service.UserMessage String question);

    @dev.langchain4j.service.SystemMessage("Be helpful")
    String helpful(@MemoryId int id, @dev.langchain4j.service.UserMessage String question);

    @dev.langchain4j.service.SystemMessage("Be funny")
    String funny(@MemoryId int id, @dev.langchain4j.service.UserMessage String question);
  }

  private Assistant assistant(Kind kind, int size) {
    ChatModel model =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            prompts.add(List.copyOf(request.messages()));
            return ChatResponse.builder().aiMessage(OK).build();
          }
        };
    ChatMemoryProvider memories = id -> kind.memory(id, counting.store(), size);
    return AiServices.builder(Assistant.class)
        .chatModel(model)
        .chatMemoryProvider(memories)
        .build();
  }

  private List<ChatMessage> history() {
    return store.read(ALICE, "1").messages().stream()
        .map(each -> MessageMapping.read(Placement.plain(each.message())))
        .toList();
  }

  private int appends() {
    return Collections.frequency(counting.calls(), "append");
  }

  private static UserMessage user(String text) {
    return UserMessage.from(text);
  }

  @ParameterizedTest
  @EnumSource
  void aTurnIsTwoAppends(Kind kind) {
    Assistant assistant = assistant(kind, 10);
    assistant.chat(1, "a");
    assertThat(appends()).isEqualTo(2);
    assistant.chat(1, "b");
    assertThat(appends()).isEqualTo(2);
    assertThat(prompts).containsExactly(List.of(user("a")), List.of(user("a"), OK, user("b")));
    assertThat(history()).containsExactly(user("a"), OK, user("b"), OK);
  }

  @ParameterizedTest
  @EnumSource
  void theSameSystemMessageIsStoredOnce(Kind kind) {
    Assistant assistant = assistant(kind, 10);
    assistant.helpful(1, "a");
    assertThat(appends()).isEqualTo(3);
    assistant.helpful(1, "b");
    assertThat(appends()).isEqualTo(2);
    assertThat(prompts)
        .containsExactly(List.of(HELPFUL, user("a")), List.of(HELPFUL, user("a"), OK, user("b")));
    assertThat(history()).containsExactly(HELPFUL, user("a"), OK, user("b"), OK);
  }

  @ParameterizedTest
  @EnumSource
  void aChangedSystemMessageTakesThePlaceOfTheFirst(Kind kind) {
    Assistant assistant = assistant(kind, 10);
    assistant.helpful(1, "a");
    appends();
    assistant.funny(1, "b");
    assertThat(appends()).isEqualTo(3);
    assertThat(prompts.get(1)).containsExactly(FUNNY, user("a"), OK, user("b"));
    assertThat(kind.memory(1, store, 10).messages())
        .containsExactly(FUNNY, user("a"), OK, user("b"), OK);
    assertThat(history()).containsExactly(HELPFUL, user("a"), OK, FUNNY, user("b"), OK);
  }

  @ParameterizedTest
  @EnumSource
  void aQuestionBeyondAFullWindowLeavesThePromptAsItWasRead(Kind kind) {
    Assistant assistant = assistant(kind, 3);
    assistant.helpful(1, "a");
    assistant.helpful(1, "b");
    assertThat(prompts)
        .containsExactly(List.of(HELPFUL, user("a")), List.of(HELPFUL, user("a"), OK, user("b")));
    assertThat(kind.memory(1, store, 3).messages()).containsExactly(HELPFUL, user("b"), OK);
    assertThat(history()).containsExactly(HELPFUL, user("a"), OK, user("b"), OK);
  }

  @Test
  void theOwnWindowReadsOnceForATurnAndOnceForTheSystemMessage() {
    Assistant assistant = assistant(Kind.OWN_WINDOW, 10);
    assistant.chat(1, "a");
    counting.calls();
    assistant.chat(1, "b");
    assertThat(counting.calls()).containsExactly("messages", "append", "append");
    assistant.helpful(1, "c");
    counting.calls();
    assistant.helpful(1, "d");
    assertThat(counting.calls()).containsExactly("messages", "messages", "append", "append");
  }
}
