package io.conversationstore.examples.rag;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import dev.langchain4j.rag.DefaultRetrievalAugmentor;
import dev.langchain4j.rag.query.Query;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RagEngineTest {

  private static final Owner GUEST = Owner.of("roastery", "guest");

  private static EmbeddingModel embeddings;
  private static PassageIndex index;

  @TempDir Path directory;
  private ConversationStore store;

  @BeforeAll
  static void loadTheModel() {
    embeddings = new AllMiniLmL6V2QuantizedEmbeddingModel();
    index = PassageIndex.inMemory(embeddings, Handbook.passages());
  }

  @BeforeEach
  void open() {
    store = JsonFileStore.open(directory.resolve("data"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private RagEngine engine(Answerer answerer) {
    return new RagEngine(
        store,
        DefaultRetrievalAugmentor.builder()
            .queryTransformer(new FollowUpTransformer())
            .contentRetriever(index)
            .build(),
        answerer);
  }

  private static String section(StoredMessage answer) {
    List<?> citations = (List<?>) answer.message().metadata().get(RagEngine.CITATIONS);
    return citations.isEmpty()
        ? ""
        : String.valueOf(((Map<?, ?>) citations.get(0)).get(Handbook.SECTION));
  }

  @Test
  void eachSectionOfTheHandbookIsFoundByAQuestionAboutIt() {
    Map<String, String> questions =
        Map.of(
            "When do the green beans arrive?", "Beans: Delivery",
            "What do I do if there is a fire in the drum?", "Roasting: Fire in the drum",
            "How many grams of coffee for an espresso?", "Espresso bar: Recipe",
            "May I swap my shift?", "Shifts: Swapping a shift",
            "Where do I put a wallet that was left behind?", "Customers: Lost property",
            "How much is shipping?", "Online shop: Shipping");
    questions.forEach(
        (question, section) ->
            assertThat(
                    index
                        .retrieve(Query.from(question))
                        .get(0)
                        .textSegment()
                        .metadata()
                        .getString(Handbook.SECTION))
                .as(question)
                .isEqualTo(section));
    assertThat(index.retrieve(Query.from("Who won the football match yesterday?"))).isEmpty();
  }

  @Test
  void aTurnIsStoredWithItsPromptAndItsCitations() {
    RagEngine engine = engine(new ExtractiveAnswerer(embeddings));
    List<StoredMessage> turn = engine.ask(GUEST, "beans", "When do the green beans arrive?");
    assertThat(store.last(GUEST, "beans", 10)).isEqualTo(turn).hasSize(2);
    assertThat(turn.get(0).text()).isEqualTo("When do the green beans arrive?");
    assertThat(String.valueOf(turn.get(0).message().metadata().get(RagEngine.PROMPT)))
        .startsWith("When do the green beans arrive?")
        .contains("Tuesday and Friday");
    assertThat(turn.get(1).text()).contains("extract").contains("Tuesday and Friday");
    assertThat(section(turn.get(1))).isEqualTo("Beans: Delivery");
    assertThat(store.find(GUEST, "beans").orElseThrow().title())
        .isEqualTo("When do the green beans arrive?");
  }

  @Test
  void aFollowUpQuestionIsUnderstoodFromTheStoredHistory() {
    RagEngine engine = engine(new ExtractiveAnswerer(embeddings));
    assertThat(section(engine.ask(GUEST, "alone", "And to other countries?").get(1)))
        .isNotEqualTo("Online shop: Shipping");
    engine.ask(GUEST, "shop", "How much is shipping?");
    store.close();
    open();
    engine = engine(new ExtractiveAnswerer(embeddings));
    assertThat(section(engine.ask(GUEST, "shop", "And to other countries?").get(1)))
        .isEqualTo("Online shop: Shipping");
  }

  @Test
  void aModelGetsTheHistoryAndThePassages() {
    List<List<ChatMessage>> asked = new ArrayList<>();
    ChatModel scripted =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            asked.add(request.messages());
            return ChatResponse.builder()
                .aiMessage(AiMessage.from("answer " + asked.size()))
                .build();
          }
        };
    RagEngine engine = engine(new ModelAnswerer(scripted, "scripted"));
    engine.ask(GUEST, "beans", "When do the green beans arrive?");
    List<StoredMessage> second = engine.ask(GUEST, "beans", "And a damp sack?");
    assertThat(second.get(1).text()).isEqualTo("answer 2");
    assertThat(second.get(1).message().model()).isEqualTo("scripted");
    List<ChatMessage> messages = asked.get(1);
    assertThat(messages).hasSize(4);
    assertThat(((UserMessage) messages.get(1)).singleText())
        .isEqualTo("When do the green beans arrive?");
    assertThat(((AiMessage) messages.get(2)).text()).isEqualTo("answer 1");
    assertThat(((UserMessage) messages.get(3)).singleText())
        .startsWith("And a damp sack?")
        .contains("damp stays on the truck");
  }

  @Test
  void withoutAPassageTheAnswerSaysSo() {
    RagEngine engine = engine(new ExtractiveAnswerer(embeddings));
    List<StoredMessage> turn =
        engine.ask(GUEST, "football", "Who won the football match yesterday?");
    assertThat(turn.get(1).text()).contains("no passage");
    assertThat(section(turn.get(1))).isEmpty();
  }
}
