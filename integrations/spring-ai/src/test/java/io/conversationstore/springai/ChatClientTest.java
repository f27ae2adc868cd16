package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

/** A chat with advisor and tools as an application has it, with a model that is scripted. */
class ChatClientTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private static TestPostgres server;

  @TempDir Path directory;

  /** Memories under test. Inside the loop of tool calls, calls and results are stored too. */
  enum Kind {
    MEMORY(false),
    MEMORY_IN_THE_TOOL_LOOP(true),
    REPOSITORY(false),
    REPOSITORY_IN_THE_TOOL_LOOP(true);

    private final boolean inLoop;

    Kind(boolean inLoop) {
      this.inLoop = inLoop;
    }

    ChatMemory over(ConversationStore store) {
      return switch (this) {
        case MEMORY, MEMORY_IN_THE_TOOL_LOOP ->
            ConversationStoreChatMemory.builder(store).owner(ALICE).openToolCalls(inLoop).build();
        case REPOSITORY, REPOSITORY_IN_THE_TOOL_LOOP ->
            MessageWindowChatMemory.builder()
                .chatMemoryRepository(
                    ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).build())
                .build();
      };
    }
  }

  /** What the tool is asked. */
  record Place(String city) {}

  /** A tool that the model calls twice at once. */
  private static final ToolCallback WEATHER =
      FunctionToolCallback.builder("weather", (Place place) -> "rain in " + place.city())
          .description("The weather in a city")
          .inputType(Place.class)
          .build();

  /** A chat and what its history must be. */
  private static final class Chat {
    private final ScriptedModel model;
    private final ChatClient client;
    private final String id;
    private final boolean inLoop;
    private final List<Message> expected = new ArrayList<>();

    Chat(Kind kind, ConversationStore store, String id) {
      this.model = new ScriptedModel();
      this.id = id;
      this.inLoop = kind.inLoop;
      MessageChatMemoryAdvisor.Builder advisor = MessageChatMemoryAdvisor.builder(kind.over(store));
      if (kind.inLoop) {
        advisor.order(ToolCallingAdvisor.DEFAULT_ORDER + 100);
      }
      this.client =
          ChatClient.builder(model)
              .defaultSystem("Be brief")
              .defaultTools(WEATHER)
              .defaultAdvisors(advisor.build())
              .build();
    }

    void ask(String question, String answer) {
      model.answers(answer);
      say(question);
      expectAnswer(question, answer);
    }

    /** With two tool calls, whose results come in one message. */
    void askWithTools(String question, String answer) {
      AssistantMessage.ToolCall paris =
          new AssistantMessage.ToolCall("call_1", "function", "weather", "{\"city\": \"Paris\"}");
      AssistantMessage.ToolCall rome =
          new AssistantMessage.ToolCall("call_2", "function", "weather", "{\"city\": \"Rome\"}");
      model.calls(paris, rome);
      model.answers(answer);
      say(question);
      if (inLoop) {
        expected.add(new UserMessage(question));
        expected.add(
            AssistantMessage.builder().content(null).toolCalls(List.of(paris, rome)).build());
        expected.add(
            ToolResponseMessage.builder()
                .responses(
                    List.of(
                        new ToolResponse("call_1", "weather", "\"rain in Paris\""),
                        new ToolResponse("call_2", "weather", "\"rain in Rome\"")))
                .build());
        expected.add(answer(answer));
      } else {
        expectAnswer(question, answer);
      }
    }

    private void expectAnswer(String question, String answer) {
      expected.add(new UserMessage(question));
      expected.add(answer(answer));
    }

    private static Message answer(String text) {
      return AssistantMessage.builder()
          .content(text)
          .properties(Map.of("finishReason", "STOP"))
          .build();
    }

    /** Without tools, over the stream of the client. */
    void stream(String question, String answer) {
      model.answers(answer);
      List<Message> before = List.copyOf(expected);
      List<String> parts = prompt(question).stream().content().collectList().block();
      assertThat(parts).containsExactly(answer);
      requireHistoryInPrompt(before, question);
      expectAnswer(question, answer);
    }

    private ChatClient.ChatClientRequestSpec prompt(String question) {
      return client
          .prompt()
          .user(question)
          .advisors(spec -> spec.param(ChatMemory.CONVERSATION_ID, id));
    }

    private void say(String question) {
      List<Message> before = List.copyOf(expected);
      prompt(question).call().content();
      requireHistoryInPrompt(before, question);
    }

    private void requireHistoryInPrompt(List<Message> before, String question) {
      // The model was given the history, each message once, behind the system text.
      List<Message> prompt =
          model.lastPrompt().stream()
              .filter(message -> message.getMessageType() != MessageType.SYSTEM)
              .toList();
      assertThat(prompt.subList(0, before.size())).isEqualTo(before);
      assertThat(prompt.get(before.size())).isEqualTo(new UserMessage(question));
    }

    void requireStoredIn(ConversationStore store) {
      assertThat(
              SpringAiMessages.fromStore(
                  store.messages(ALICE, id, MessageQuery.first(1_000)).items()))
          .containsExactlyElementsOf(expected);
    }
  }

  @BeforeAll
  static void startServer() {
    server = TestPostgres.start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void aChatWithToolsIsStoredInFilesAndContinuesAfterARestart(Kind kind) {
    Chat chat;
    try (ConversationStore store = JsonFileStore.open(directory)) {
      chat = new Chat(kind, store, "chat");
      chat.ask("Hello", "Hi");
      chat.askWithTools("What is the weather?", "It rains");
      chat.ask("Thanks", "Bye");
      chat.requireStoredIn(store);
    }
    try (ConversationStore store = JsonFileStore.open(directory)) {
      Chat continued = new Chat(kind, store, "chat");
      continued.expected.addAll(chat.expected);
      continued.askWithTools("And now?", "It still rains");
      continued.requireStoredIn(store);
    }
  }

  /** Streaming reads and saves on threads of their own. */
  @ParameterizedTest
  @EnumSource
  void streamedAnswersAreStoredOnceAlsoIfAllTurnsAreEqual(Kind kind) {
    try (ConversationStore store = JsonFileStore.open(directory)) {
      Chat chat = new Chat(kind, store, "chat");
      for (int i = 0; i < 6; i++) {
        chat.stream("Again?", "Yes");
      }
      chat.ask("Thanks", "Bye");
      chat.requireStoredIn(store);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSystemTextStandsFirstBeforeTheHistory(Kind kind) {
    try (ConversationStore store = JsonFileStore.open(directory)) {
      Chat chat = new Chat(kind, store, "chat");
      chat.ask("Hello", "Hi");
      chat.ask("Thanks", "Bye");
      assertThat(chat.model.lastPrompt())
          .extracting(Message::getMessageType)
          .containsExactly(
              MessageType.SYSTEM, MessageType.USER, MessageType.ASSISTANT, MessageType.USER);
    }
  }

  @ParameterizedTest
  @EnumSource
  void chatsGoOnAndBeginWhileTheDatabaseIsAway(Kind kind) {
    String database = server.createDatabase();
    try (FaultProxy proxy = FaultProxy.to(server);
        ConversationStore store = hybrid(proxy, database)) {
      Chat earlier = new Chat(kind, store, "earlier");
      earlier.ask("Hello", "Hi");
      earlier.askWithTools("What is the weather?", "It rains");

      proxy.setMode(FaultProxy.Mode.REFUSE);
      proxy.dropConnections();
      earlier.askWithTools("And now?", "It still rains");
      assertThat(store.state().mode()).isEqualTo(StoreState.Mode.OFFLINE);
      Chat begun = new Chat(kind, store, "begun while the database is away");
      begun.askWithTools("What is the weather here?", "It rains too");
      begun.ask("Thanks", "Bye");
      earlier.ask("Thanks", "Bye");

      proxy.setMode(FaultProxy.Mode.PASS);
      await(
          () ->
              store.state().mode() == StoreState.Mode.ONLINE
                  && store.state().pending().changes() == 0);
      earlier.ask("One more", "Yes");
      begun.ask("One more", "Yes");

      try (ConversationStore direct = PostgresStore.open(options(server.jdbcUrl(database)))) {
        earlier.requireStoredIn(direct);
        begun.requireStoredIn(direct);
      }
    }
  }

  @Test
  void anUnknownHistoryIsAnErrorIfTheApplicationSaysSo() {
    String database = server.createDatabase();
    try (FaultProxy proxy = FaultProxy.to(server);
        ConversationStore store = hybrid(proxy, database)) {
      proxy.setMode(FaultProxy.Mode.REFUSE);
      proxy.dropConnections();
      assertThatExceptionOfType(UnknownWhileOfflineException.class)
          .isThrownBy(
              () ->
                  ConversationStoreChatMemory.builder(store)
                      .owner(ALICE)
                      .failWhileUnknown(true)
                      .build()
                      .get("unknown"));
      ConversationStoreChatMemoryRepository repository =
          ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).build();
      assertThat(repository.findByConversationId("unknown")).isEmpty();
      assertThatExceptionOfType(UnknownWhileOfflineException.class)
          .as("a save without a read cannot know what is new")
          .isThrownBy(
              () ->
                  ConversationStoreChatMemoryRepository.builder(store)
                      .owner(ALICE)
                      .build()
                      .saveAll("unknown", List.of(new UserMessage("a"))));
    }
  }

  private ConversationStore hybrid(FaultProxy proxy, String database) {
    return HybridStore.open(
        options(proxy.jdbcUrl(database))
            .withNetworkTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(5)),
        JsonFileOptions.in(directory),
        HybridOptions.defaults()
            .withMirrorInterval(Duration.ofMillis(50))
            .withProbes(Duration.ofMillis(10), Duration.ofMillis(100)));
  }

  private static PostgresOptions options(String url) {
    return PostgresOptions.url(url).withLogin(server.user(), server.password()).withPoolSize(0, 4);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(deadline);
      LockSupport.parkNanos(2_000_000);
    }
  }
}
