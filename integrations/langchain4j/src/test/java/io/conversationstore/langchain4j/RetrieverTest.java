package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.query.Metadata;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.MemoryId;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages of past conversations as contents of an answer. */
class RetrieverTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final ConversationStore store = ReferenceStore.create(Clock.systemUTC());

  interface Assistant {
    String chat(@MemoryId String id, @dev.langchain4j.service.UserMessage String question);
  }

  @BeforeEach
  void fill() {
    add(ALICE, "coffee", Message.user("One chai latte, please"));
    add(ALICE, "coffee", Message.assistant("A chai latte for you. What name?"));
    add(ALICE, "coffee", Message.toolResult("1", "order", "chai latte ordered"));
    add(ALICE, "travel", Message.user("I fly to Reykjavík on Friday. What should I pack?"));
    add(ALICE, "travel", Message.assistant("A warm coat."));
    add(ALICE, "now", Message.user("I said something about a chai here"));
    add(Owner.of("acme", "bob"), "coffee", Message.user("chai is the secret of bob"));
  }

  private void add(Owner owner, String id, Message message) {
    store.append(owner, NewConversation.ofId(id), message);
  }

  private static ConversationKey key(Object memoryId) {
    return ConversationKey.of(ALICE, memoryId.toString());
  }

  private ConversationContentRetriever.Builder retriever() {
    return ConversationContentRetriever.builder().store(store).keys(RetrieverTest::key);
  }

  private static Query query(String text) {
    return Query.from(text, Metadata.from(UserMessage.from("q"), "now", List.of()));
  }

  private static List<String> texts(List<Content> contents) {
    return contents.stream().map(content -> content.textSegment().text()).toList();
  }

  @Test
  void aQuestionFindsTheMessagesThatItsRareWordsPointTo() {
    List<String> found =
        texts(retriever().build().retrieve(query("What did I say about the chai latte?")));
    assertThat(found.subList(0, 2))
        .containsExactlyInAnyOrder("One chai latte, please", "A chai latte for you. What name?");
    assertThat(texts(retriever().build().retrieve(query("When do I fly to Reykjavík?"))))
        .first()
        .asString()
        .contains("Friday");
  }

  @Test
  void aContentNamesItsMessageAndItsScore() {
    Content content = retriever().build().retrieve(query("Reykjavík")).get(0);
    var metadata = content.textSegment().metadata();
    assertThat(metadata.getString("conversation_id")).isEqualTo("travel");
    assertThat(metadata.getString("role")).isEqualTo("user");
    UUID id = UUID.fromString(metadata.getString("message_id"));
    assertThat(store.findMessage(ALICE, "travel", id).orElseThrow().createdAt())
        .hasToString(metadata.getString("created_at"));
    assertThat((Double) content.metadata().get(ContentMetadata.SCORE)).isEqualTo(1);
  }

  @Test
  void theLimitsAreKept() {
    for (int i = 0; i < 30; i++) {
      add(ALICE, "many", Message.user("chai number " + i + " ".repeat(3_000) + "end"));
    }
    List<Content> found = retriever().maxResults(3).build().retrieve(query("chai"));
    assertThat(found).hasSize(3);
    assertThat(texts(found))
        .allSatisfy(text -> assertThat(text).hasSizeLessThanOrEqualTo(240).contains("chai"));
    assertThat(retriever().minScore(1).build().retrieve(query("chai zebra"))).hasSize(5);
    assertThat(retriever().minScore(1).build().retrieve(query("latte Friday"))).isEmpty();
    assertThatThrownBy(() -> retriever().minScore(2)).hasMessageContaining("minScore");
  }

  @Test
  void aQuestionWithoutAWordAndAQuestionWithoutAMemory() {
    ConversationContentRetriever retriever = retriever().build();
    assertThat(retriever.retrieve(query("?!"))).isEmpty();
    assertThat(retriever.retrieve(query("unheard-of"))).isEmpty();
    assertThat(retriever.retrieve(query("chai " + "word ".repeat(500)))).isNotEmpty();
    assertThatThrownBy(() -> retriever.retrieve(Query.from("chai")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names no memory");
  }

  @Test
  void anAiServiceAnswersFromAPastConversation() {
    List<String> prompts = new ArrayList<>();
    ChatModel model =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            ChatMessage last = request.messages().get(request.messages().size() - 1);
            prompts.add(((UserMessage) last).singleText());
            return ChatResponse.builder().aiMessage(AiMessage.from("ok")).build();
          }
        };
    Assistant assistant =
        AiServices.builder(Assistant.class)
            .chatModel(model)
            .chatMemoryProvider(
                id ->
                    MessageWindowChatMemory.builder()
                        .id(id)
                        .maxMessages(5)
                        .chatMemoryStore(
                            ConversationChatMemoryStore.builder()
                                .store(store)
                                .keys(RetrieverTest::key)
                                .build())
                        .build())
            .contentRetriever(retriever().build())
            .build();
    assistant.chat("new chat", "Which latte was it?");
    assertThat(prompts).singleElement().asString().contains("One chai latte, please");
    assertThat(retriever().build().retrieveAsync(query("latte")).join()).isNotEmpty();
  }
}
