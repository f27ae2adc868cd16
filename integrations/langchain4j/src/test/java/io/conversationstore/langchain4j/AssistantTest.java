package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.ChatMemoryProvider;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.MemoryId;
import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.FaultProxy.Mode;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Chats of an AI service with tools, compared message by message with what is stored. */
class AssistantTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final String SYSTEM = "You forecast the weather.";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static TestPostgres server;

  @TempDir Path directory;
  private FaultProxy proxy;
  private String database;
  private final List<ConversationStore> open = new ArrayList<>();

  /** The two ways to use this module. */
  enum Kind {
    FRAMEWORK_WINDOW {
      @Override
      ChatMemoryProvider provider(ConversationStore store) {
        ConversationChatMemoryStore memories =
            ConversationChatMemoryStore.builder().store(store).keys(AssistantTest::key).build();
        return id ->
            MessageWindowChatMemory.builder()
                .id(id)
                .maxMessages(8)
                .chatMemoryStore(memories)
                .build();
      }
    },
    OWN_WINDOW {
      @Override
      ChatMemoryProvider provider(ConversationStore store) {
        return id ->
            ConversationChatMemory.builder()
                .id(id)
                .store(store)
                .conversation(key(id))
                .maxMessages(8)
                .build();
      }
    };

    abstract ChatMemoryProvider provider(ConversationStore store);
  }

  interface Assistant {
    @dev.langchain4j.service.SystemMessage(SYSTEM)
    String chat(@MemoryId String id, @dev.langchain4j.service.UserMessage String question);
  }

  /** The tool of the service. */
  static final class Weather {
    @Tool("the weather of a place")
    String weather(@P(value = "place", name = "place") String place) {
      return "rain in " + place;
    }
  }

  /** A service, and the histories that its chats must have. */
  private static final class Chats {
    private final Assistant assistant;
    private int calls;

    Chats(ChatMemoryProvider memories) {
      assistant =
          AiServices.builder(Assistant.class)
              .chatModel(new ScriptedModel())
              .chatMemoryProvider(memories)
              .tools(new Weather())
              .build();
    }

    void ask(String chat, List<ChatMessage> history, String question) {
      String answer = assistant.chat(chat, question);
      if (history.isEmpty()) {
        history.add(SystemMessage.from(SYSTEM));
      }
      history.add(UserMessage.from(question));
      if (!question.startsWith("weather:")) {
        assertThat(answer).isEqualTo("answer to " + question);
        history.add(
            AiMessage.builder()
                .text(answer)
                .thinking("a thought")
                .attributes(Map.of("signature", "s", "number", 7L))
                .build());
        return;
      }
      List<ToolExecutionRequest> requests = new ArrayList<>();
      List<ChatMessage> results = new ArrayList<>();
      List<String> texts = new ArrayList<>();
      for (String place : question.substring("weather:".length()).split(",")) {
        ToolExecutionRequest request =
            ToolExecutionRequest.builder()
                .id("call_" + ++calls)
                .name("weather")
                .arguments("{\"place\": \"" + place + "\"}")
                .build();
        requests.add(request);
        results.add(
            ToolExecutionResultMessage.builder()
                .id(request.id())
                .toolName("weather")
                .text("rain in " + place)
                .isError(false)
                .build());
        texts.add("rain in " + place);
      }
      history.add(AiMessage.from("I look", requests));
      history.addAll(results);
      assertThat(answer).isEqualTo(String.join(", ", texts));
      history.add(AiMessage.from(answer));
    }
  }

  private static ConversationKey key(Object memoryId) {
    return ConversationKey.of(ALICE, memoryId.toString());
  }

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void makeDatabase() {
    database = server.createDatabase();
    proxy = FaultProxy.to(server);
  }

  @AfterEach
  void close() {
    proxy.setMode(Mode.PASS);
    open.forEach(ConversationStore::close);
    proxy.close();
  }

  private ConversationStore files() {
    return kept(JsonFileStore.open(directory.resolve("files")));
  }

  private ConversationStore postgres() {
    return kept(PostgresStore.open(options(proxy.jdbcUrl(database), Duration.ofSeconds(20))));
  }

  /** The database itself, past the network that fails. */
  private ConversationStore direct() {
    return kept(PostgresStore.open(options(server.jdbcUrl(database), Duration.ofSeconds(20))));
  }

  private ConversationStore node(String name) {
    return kept(
        HybridStore.open(
            options(proxy.jdbcUrl(database), Duration.ofMillis(500)),
            JsonFileOptions.in(directory.resolve(name)),
            HybridOptions.defaults()
                .withCopyLimits(CopyLimits.NONE)
                .withMirrorInterval(Duration.ofMillis(50))
                .withProbes(Duration.ofMillis(10), Duration.ofMillis(100))));
  }

  private static PostgresOptions options(String url, Duration timeout) {
    return PostgresOptions.url(url)
        .withLogin(server.user(), server.password())
        .withPoolSize(0, 4)
        .withPoolTimeouts(Duration.ofSeconds(30), timeout)
        .withNetworkTimeouts(timeout, timeout);
  }

  private ConversationStore kept(ConversationStore store) {
    open.add(store);
    return store;
  }

  private void goDown(ConversationStore node) {
    proxy.setMode(Mode.REFUSE);
    proxy.dropConnections();
    await("the node has fallen back", () -> node.state().mode() == StoreState.Mode.OFFLINE);
  }

  private static void awaitDrained(ConversationStore node) {
    await(
        "the node has sent everything",
        () ->
            node.state().mode() == StoreState.Mode.ONLINE && node.state().pending().changes() == 0);
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain until " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }

  private static List<ChatMessage> stored(ConversationStore store, String chat) {
    return store.last(ALICE, chat, 1_000).stream()
        .map(each -> MessageMapping.read(Placement.plain(each.message())))
        .toList();
  }

  private static void assertStored(
      ConversationStore store, String chat, List<ChatMessage> expected) {
    List<ChatMessage> actual = stored(store, chat);
    for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
      assertThat(actual.get(i)).as("%s, message %s", chat, i).isEqualTo(expected.get(i));
    }
    assertThat(actual).as(chat).hasSameSizeAs(expected);
  }

  private static void someTurns(Chats chats, String chat, List<ChatMessage> history) {
    chats.ask(chat, history, "hello");
    chats.ask(chat, history, "weather:Rome");
    chats.ask(chat, history, "hello");
    chats.ask(chat, history, "hello");
    chats.ask(chat, history, "weather:Oslo,Bern,Oslo");
    chats.ask(chat, history, "thanks");
  }

  private static void chat(Kind kind, ConversationStore store) {
    List<ChatMessage> one = new ArrayList<>();
    List<ChatMessage> two = new ArrayList<>();
    Chats chats = new Chats(kind.provider(store));
    someTurns(chats, "one", one);
    someTurns(chats, "two", two);
    // As after a restart: nothing is remembered.
    someTurns(new Chats(kind.provider(store)), "one", one);
    assertStored(store, "one", one);
    assertStored(store, "two", two);
    assertThat(one).hasSizeGreaterThan(30);
  }

  @ParameterizedTest
  @EnumSource
  void aChatWithToolsInFiles(Kind kind) {
    chat(kind, files());
  }

  @ParameterizedTest
  @EnumSource
  void aChatWithToolsInPostgres(Kind kind) {
    chat(kind, postgres());
  }

  @ParameterizedTest
  @EnumSource
  void chatsGoOnAndBeginThroughAnOutage(Kind kind) {
    ConversationStore node = node("a");
    Chats chats = new Chats(kind.provider(node));
    List<ChatMessage> before = new ArrayList<>();
    List<ChatMessage> during = new ArrayList<>();
    someTurns(chats, "before", before);

    goDown(node);
    someTurns(chats, "before", before);
    someTurns(chats, "during", during);
    // Another service on the node, which remembers no window.
    someTurns(new Chats(kind.provider(node)), "during", during);
    assertStored(node, "during", during);

    proxy.setMode(Mode.PASS);
    awaitDrained(node);
    someTurns(chats, "before", before);
    someTurns(chats, "during", during);
    for (ConversationStore store : List.of(node, direct())) {
      assertStored(store, "before", before);
      assertStored(store, "during", during);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAnswerThatIsLostDoublesNothing(Kind kind) {
    ConversationStore node = node("a");
    Chats chats = new Chats(kind.provider(node));
    List<ChatMessage> history = new ArrayList<>();
    someTurns(chats, "chat", history);
    for (CutPoint point : CutPoint.values()) {
      FaultProxy.Cut cut = proxy.cutOn(statement -> statement.sql().contains("append"), point);
      someTurns(chats, "chat", history);
      assertThat(cut.happened()).isTrue();
      awaitDrained(node);
      assertStored(direct(), "chat", history);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoNodesOnOneConversation(Kind kind) {
    ConversationStore first = node("a");
    ConversationStore second = node("b");
    List<ChatMessage> history = new ArrayList<>();
    Chats one = new Chats(kind.provider(first));
    Chats two = new Chats(kind.provider(second));
    for (int i = 0; i < 4; i++) {
      one.ask("chat", history, "hello");
      two.ask("chat", history, "hello");
    }
    assertStored(direct(), "chat", history);
    assertThat(kind.provider(second).get("chat").messages())
        .hasSize(8)
        .endsWith(history.subList(history.size() - 7, history.size()).toArray(ChatMessage[]::new));
  }

  @Test
  void everyKindOfMessageComesBackThroughAnOutage() {
    ConversationStore node = node("a");
    goDown(node);
    List<ChatMessage> messages = MessagesTest.messages().toList();
    ConversationChatMemory memory =
        ConversationChatMemory.builder()
            .store(node)
            .conversation(ConversationKey.of(ALICE, "all"))
            .maxMessages(10)
            .build();
    memory.add(messages);
    assertStored(node, "all", messages);
    proxy.setMode(Mode.PASS);
    awaitDrained(node);
    assertStored(node, "all", messages);
    assertStored(direct(), "all", messages);
  }

  @Test
  void eachReadAndEachUpdateIsOneRoundTripToTheDatabase() {
    ConversationStore store = postgres();
    for (Kind kind : Kind.values()) {
      ChatMemory memory = kind.provider(store).get(kind.name());
      memory.add(SystemMessage.from(SYSTEM));
      for (int i = 0; i < 20; i++) {
        memory.add(UserMessage.from("warm-up"));
        memory.messages();
      }
      long begin = proxy.roundTrips();
      memory.messages();
      assertThat(proxy.roundTrips() - begin).as("read, %s", kind).isEqualTo(1);
      begin = proxy.roundTrips();
      memory.add(UserMessage.from("m"));
      // The framework's window reads before it writes.
      assertThat(proxy.roundTrips() - begin)
          .as("add, %s", kind)
          .isEqualTo(kind == Kind.OWN_WINDOW ? 1 : 2);
    }
  }
}
