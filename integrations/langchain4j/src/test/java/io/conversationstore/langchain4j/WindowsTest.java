package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.memory.chat.TokenWindowChatMemory;
import dev.langchain4j.store.memory.chat.ChatMemoryStore;
import dev.langchain4j.store.memory.chat.InMemoryChatMemoryStore;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The framework's windows over the memory store: what slides out stays, and nothing is doubled. */
class WindowsTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final String CHAT = "chat";
  private static final ConversationKey KEY = ConversationKey.of(ALICE, CHAT);

  private final ConversationStore store = ReferenceStore.create(Clock.systemUTC());
  private final CountingStore counting = new CountingStore(store);

  private ConversationChatMemoryStore memories() {
    return memories(100);
  }

  private ConversationChatMemoryStore memories(int lastMessages) {
    return ConversationChatMemoryStore.builder()
        .store(counting.store())
        .keys(id -> ConversationKey.of(ALICE, id.toString()))
        .lastMessages(lastMessages)
        .build();
  }

  private static ChatMemory window(int size, ChatMemoryStore memories) {
    return MessageWindowChatMemory.builder()
        .id(CHAT)
        .maxMessages(size)
        .alwaysKeepSystemMessageFirst(true)
        .chatMemoryStore(memories)
        .build();
  }

  private List<ChatMessage> history() {
    return store.read(ALICE, CHAT).messages().stream()
        .map(each -> MessageMapping.read(Placement.plain(each.message())))
        .toList();
  }

  private static UserMessage user(String text) {
    return UserMessage.from(text);
  }

  private static AiMessage calls(String... ids) {
    List<ToolExecutionRequest> requests = new ArrayList<>();
    for (String id : ids) {
      requests.add(ToolExecutionRequest.builder().id(id).name("tool").arguments("{}").build());
    }
    return AiMessage.from(requests);
  }

  private static ToolExecutionResultMessage result(String id) {
    return ToolExecutionResultMessage.from(id, "tool", "result of " + id);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10})
  void aWindowOfEqualMessagesLosesNone(int size) {
    ChatMemory memory = window(size, memories());
    for (int i = 1; i <= 12; i++) {
      memory.add(user("yes"));
      assertThat(history()).hasSize(i);
      assertThat(memory.messages()).hasSize(Math.min(i, size));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10})
  void aWindowOfOneObjectLosesNone(int size) {
    ChatMemory memory = window(size, memories());
    UserMessage same = user("yes");
    for (int i = 1; i <= 12; i++) {
      memory.add(same);
      assertThat(history()).hasSize(i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 10})
  void aMemoryThatKeepsItsOwnListLosesNone(int size) {
    ChatMemoryStore memories = memories();
    List<ChatMessage> own = new ArrayList<>();
    for (int i = 1; i <= 12; i++) {
      own.add(user(i % 4 == 0 ? "no" : "yes"));
      if (own.size() > size) {
        own.remove(0);
      }
      memories.updateMessages(CHAT, own);
      assertThat(history()).hasSize(i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10})
  void aMemoryThatCopiesMessagesLosesNone(int size) {
    ChatMemory memory = window(size, new Copying(memories()));
    for (int i = 1; i <= 12; i++) {
      memory.add(user(i % 5 == 0 ? "no" : "yes"));
      assertThat(history()).hasSize(i);
    }
  }

  /** A store of memories between, which keeps no object. */
  private record Copying(ChatMemoryStore below) implements ChatMemoryStore {
    private static List<ChatMessage> copy(List<ChatMessage> messages) {
      return ChatMessageDeserializer.messagesFromJson(
          ChatMessageSerializer.messagesToJson(messages));
    }

    @Override
    public List<ChatMessage> getMessages(Object memoryId) {
      return copy(below.getMessages(memoryId));
    }

    @Override
    public void updateMessages(Object memoryId, List<ChatMessage> messages) {
      below.updateMessages(memoryId, copy(messages));
    }

    @Override
    public void deleteMessages(Object memoryId) {
      below.deleteMessages(memoryId);
    }
  }

  @Test
  void anUnchangedListStoresNothing() {
    ConversationChatMemoryStore memories = memories();
    List<ChatMessage> list = List.of(SystemMessage.from("s"), user("a"), user("b"));
    memories.updateMessages(CHAT, list);
    memories.updateMessages(CHAT, list);
    memories.updateMessages(CHAT, memories.getMessages(CHAT));
    ChatMemory memory = window(10, memories);
    memory.set(memory.messages());
    // A process that starts with the same examples each time.
    memories().updateMessages(CHAT, List.of(SystemMessage.from("s"), user("a"), user("b")));
    memories().updateMessages(CHAT, List.of(user("b")));
    assertThat(history()).isEqualTo(list);
  }

  @Test
  void theSystemMessageIsReplacedAndNotDoubled() {
    ChatMemory memory = window(3, memories());
    memory.add(SystemMessage.from("one"));
    for (int i = 0; i < 5; i++) {
      memory.add(SystemMessage.from("one"));
      memory.add(user("q" + i));
      memory.add(AiMessage.from("a" + i));
    }
    memory.add(SystemMessage.from("two"));
    memory.add(user("last"));
    assertThat(memory.messages())
        .containsExactly(SystemMessage.from("two"), AiMessage.from("a4"), user("last"));
    assertThat(history()).hasSize(13).filteredOn(SystemMessage.class::isInstance).hasSize(2);
    assertThat(memories().getMessages(CHAT).get(0)).isEqualTo(SystemMessage.from("two"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 50})
  void theSystemMessageIsFoundHoweverFarItIs(int lastMessages) {
    ChatMemory memory = window(Math.max(2, lastMessages), memories(lastMessages));
    memory.add(SystemMessage.from("one"));
    for (int i = 0; i < 60; i++) {
      memory.add(user("q" + i));
      // Another node, or this one after a restart.
      ChatMemory next = window(Math.max(2, lastMessages), memories(lastMessages));
      next.add(SystemMessage.from("one"));
      next.add(AiMessage.from("a" + i));
    }
    assertThat(history()).hasSize(121);
    assertThat(memories(lastMessages).getMessages(CHAT))
        .startsWith(SystemMessage.from("one"))
        .hasSize(lastMessages + 1);
  }

  @Test
  void aSystemMessageThatOthersStoredFirstIsFound() {
    store.append(ALICE, NewConversation.ofId(CHAT), Message.system("theirs"));
    for (int i = 0; i < 200; i++) {
      store.append(ALICE, CHAT, Message.user("m" + i));
    }
    assertThat(memories(10).getMessages(CHAT)).hasSize(11).startsWith(SystemMessage.from("theirs"));
  }

  @Test
  void aReadOrAnUpdateIsOneRoundTrip() {
    ConversationChatMemoryStore memories = memories();
    ChatMemory memory = window(4, memories);
    for (int i = 0; i < 300; i++) {
      memory.add(SystemMessage.from("system"));
      assertThat(counting.calls())
          .isEqualTo(i == 0 ? List.of("messages", "append") : List.of("messages"));
      memory.messages();
      assertThat(counting.calls()).containsExactly("messages");
      memory.add(i % 2 == 0 ? user("q") : AiMessage.from("a"));
      assertThat(counting.calls()).containsExactly("messages", "append");
    }
    memories.updateMessages(CHAT, memories.getMessages(CHAT));
    assertThat(counting.calls()).containsExactly("messages");
    memories().updateMessages(CHAT, List.of(user("without a read before")));
    assertThat(counting.calls()).startsWith("messages").endsWith("append");
  }

  @ParameterizedTest
  @EnumSource(CountingStore.Loss.class)
  void aRepeatedUpdateIsStoredOnce(CountingStore.Loss loss) {
    ConversationChatMemoryStore memories = memories();
    ChatMemory memory = window(10, memories);
    memory.add(user("before"));
    UserMessage question = user("question");
    counting.loseNext(loss);
    if (loss == CountingStore.Loss.NONE) {
      memory.add(question);
    } else {
      assertThatThrownBy(() -> memory.add(question)).isInstanceOf(StoreUnavailableException.class);
      memory.add(question);
    }
    memory.add(user("after"));
    assertThat(history()).containsExactly(user("before"), question, user("after"));

    List<ChatMessage> list = new ArrayList<>(memories.getMessages(CHAT));
    list.add(user("x"));
    counting.loseNext(loss);
    if (loss != CountingStore.Loss.NONE) {
      assertThatThrownBy(() -> memories.updateMessages(CHAT, list))
          .isInstanceOf(StoreUnavailableException.class);
      // More has come since; the part that failed keeps its ids.
      list.add(user("y"));
    }
    memories.updateMessages(CHAT, list);
    assertThat(history()).hasSize(list.size()).endsWith(list.get(list.size() - 1));
  }

  @Test
  void aReplacedMessageTakesItsPlaceInTheWindowAndBothStay() {
    ChatMemory memory = window(10, memories());
    List<ChatMessage> turn = List.of(user("q"), calls("1", "2"), result("1"), result("2"));
    turn.forEach(memory::add);
    ToolExecutionResultMessage undone = ToolExecutionResultMessage.from("1", "tool", "rolled back");
    List<ChatMessage> changed = new ArrayList<>(memory.messages());
    changed.set(2, undone);
    memory.set(changed);
    List<ChatMessage> expected = List.of(user("q"), calls("1", "2"), undone, result("2"));
    assertThat(memory.messages()).isEqualTo(expected);
    assertThat(window(10, memories()).messages()).isEqualTo(expected);
    memory.add(AiMessage.from("sorry"));
    assertThat(memory.messages()).startsWith(expected.toArray(ChatMessage[]::new)).hasSize(5);
    assertThat(history()).hasSize(6).startsWith(turn.toArray(ChatMessage[]::new)).contains(undone);
  }

  @Test
  void aSummaryReplacesWhatItSumsUpInTheWindowOnly() {
    ChatMemory memory = window(10, memories());
    memory.add(SystemMessage.from("system"));
    for (int i = 0; i < 6; i++) {
      memory.add(user("m" + i));
    }
    List<ChatMessage> window = memory.messages();
    List<ChatMessage> summed = new ArrayList<>();
    summed.add(window.get(0));
    summed.add(AiMessage.from("summary of 0 to 3"));
    summed.addAll(window.subList(5, 7));
    summed.add(user("m6"));
    memory.set(summed);
    assertThat(memory.messages()).isEqualTo(summed);
    assertThat(window(10, memories()).messages()).isEqualTo(summed);
    assertThat(history()).hasSize(9);
  }

  @Test
  void messagesTakenBackAreHiddenWithTheNextOne() {
    ConversationChatMemoryStore memories = memories();
    ChatMemory memory = window(10, memories);
    memory.add(user("q"));
    memory.add(AiMessage.from("wrong"));
    memory.set(memory.messages().subList(0, 1));
    assertThat(memory.messages()).containsExactly(user("q"));
    memory.add(AiMessage.from("right"));
    assertThat(memories().getMessages(CHAT)).containsExactly(user("q"), AiMessage.from("right"));
    assertThat(history()).hasSize(3);
  }

  @Test
  void aCutTailBeginsWithNoResultOfAnEarlierCall() {
    ChatMemory memory = window(10, memories());
    memory.add(user("q"));
    memory.add(calls("1", "2"));
    memory.add(result("1"));
    memory.add(result("2"));
    memory.add(AiMessage.from("a"));
    assertThat(memories(2).getMessages(CHAT)).containsExactly(AiMessage.from("a"));
    assertThat(memories(4).getMessages(CHAT)).hasSize(4);
  }

  @Test
  void twoNodesSeeEachOthersMessages() {
    ChatMemory one = window(20, memories());
    ChatMemory two = window(20, memories());
    List<ChatMessage> expected = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      ChatMemory memory = i % 3 == 0 ? one : two;
      memory.add(user("same"));
      expected.add(user("same"));
      assertThat(one.messages()).isEqualTo(expected);
      assertThat(two.messages()).isEqualTo(expected);
    }
    assertThat(history()).isEqualTo(expected);
  }

  @Test
  void twoMemoriesThatReadBeforeEitherWritesLoseNothing() {
    ConversationChatMemoryStore memories = memories();
    memories.updateMessages(CHAT, List.of(user("first")));
    List<ChatMessage> one = new ArrayList<>(memories.getMessages(CHAT));
    List<ChatMessage> two = new ArrayList<>(memories.getMessages(CHAT));
    one.add(user("of one"));
    two.add(user("of two"));
    memories.updateMessages(CHAT, one);
    memories.updateMessages(CHAT, two);
    assertThat(memories.getMessages(CHAT))
        .containsExactly(user("first"), user("of one"), user("of two"));
    assertThat(history()).hasSize(3);
  }

  @Test
  void threadsOnOneConversationLoseNothing() throws Exception {
    ConversationChatMemoryStore memories = memories();
    int threads = 4;
    int each = 25;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        ChatMemory memory = window(5, memories);
        String name = "thread " + t;
        done.add(
            pool.submit(
                () -> {
                  start.await();
                  for (int i = 0; i < each; i++) {
                    memory.add(user(name));
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> future : done) {
        future.get(60, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(history()).hasSize(threads * each);
    for (int t = 0; t < threads; t++) {
      assertThat(history()).filteredOn(user("thread " + t)::equals).hasSize(each);
    }
  }

  @Test
  void deletedMessagesStayDeletedAndTheConversationBeginsAgain() {
    ConversationChatMemoryStore memories = memories();
    ChatMemory memory = window(5, memories);
    memory.add(user("old"));
    memory.clear();
    assertThat(store.find(ALICE, CHAT)).isEmpty();
    assertThat(memory.messages()).isEmpty();
    memory.add(user("new"));
    assertThat(history()).containsExactly(user("new"));
    // Another node deletes it; this one still remembers its window.
    memory.messages();
    store.delete(ALICE, CHAT);
    memory.add(user("newest"));
    assertThat(history()).containsExactly(user("newest"));
  }

  @Test
  void aMemoryIsEmptyBeforeItsFirstUpdateAndAfterItsDeletion() {
    ConversationChatMemoryStore memories = memories();
    assertThat(memories.getMessages(CHAT)).isEmpty();
    memories.deleteMessages(CHAT);
    memories.updateMessages(CHAT, List.of(user("a"), AiMessage.from("b")));
    assertThat(memories.getMessages(CHAT)).containsExactly(user("a"), AiMessage.from("b"));
    assertThat(memories.getMessages("another")).isEmpty();
    memories.deleteMessages(CHAT);
    memories.deleteMessages(CHAT);
    assertThat(memories.getMessages(CHAT)).isEmpty();
  }

  @Test
  void anEmptyUpdateEmptiesTheWindowAndTheHistoryStays() {
    ConversationChatMemoryStore memories = memories();
    memories.updateMessages(CHAT, List.of());
    assertThat(store.find(ALICE, CHAT)).isEmpty();
    memories.updateMessages(CHAT, List.of(user("a"), AiMessage.from("b")));
    memories.updateMessages(CHAT, List.of());
    assertThat(memories.getMessages(CHAT)).isEmpty();
    memories.updateMessages(CHAT, List.of(user("c")));
    assertThat(memories().getMessages(CHAT)).containsExactly(user("c"));
    assertThat(history()).containsExactly(user("a"), AiMessage.from("b"), user("c"));
  }

  @Test
  void aSetWindowReplacesTheOneBeforeInOneCall() {
    ChatMemory memory = window(3, memories());
    memory.add(user("a"), AiMessage.from("b"), AiMessage.from("c"));
    counting.calls();
    memory.messages();
    assertThat(counting.calls()).containsExactly("messages");
    memory.set(user("x"), AiMessage.from("y"));
    assertThat(counting.calls()).containsExactly("append");
    assertThat(memory.messages()).containsExactly(user("x"), AiMessage.from("y"));
    assertThat(window(3, memories()).messages()).containsExactly(user("x"), AiMessage.from("y"));
    assertThat(history()).hasSize(5);
  }

  @Test
  void noOlderMessageComesBackWhereASetShortensTheWindow() {
    ChatMemory memory = window(4, memories());
    for (int i = 0; i < 20; i++) {
      memory.add(user("m" + i));
    }
    ChatMessage last = memory.messages().get(3);
    memory.set(AiMessage.from("summary"), last);
    assertThat(memory.messages()).containsExactly(AiMessage.from("summary"), user("m19"));
    memory.add(user("m20"));
    assertThat(window(4, memories()).messages())
        .containsExactly(AiMessage.from("summary"), user("m19"), user("m20"));
    assertThat(history()).hasSize(22);
  }

  @Test
  void whatAWindowDropsWithItsOnlyMessageDoesNotComeBack() {
    ChatMemory memory = window(1, memories());
    memory.add(calls("1"));
    memory.add(result("1"));
    assertThat(memory.messages()).isEmpty();
    memory.add(user("q"));
    assertThat(window(1, memories()).messages()).containsExactly(user("q"));
    ChatMemory beside =
        MessageWindowChatMemory.builder()
            .id("beside")
            .maxMessages(2)
            .chatMemoryStore(memories())
            .build();
    beside.add(SystemMessage.from("system"));
    beside.add(calls("1"));
    beside.add(result("1"));
    assertThat(beside.messages()).containsExactly(SystemMessage.from("system"));
  }

  @Test
  void theListsOfCallersAreNeitherChangedNorKept() {
    ConversationChatMemoryStore memories = memories();
    List<ChatMessage> own = new ArrayList<>(List.of(user("a"), user("b")));
    memories.updateMessages(CHAT, own);
    own.add(user("not updated"));
    List<ChatMessage> read = memories.getMessages(CHAT);
    assertThat(read).containsExactly(user("a"), user("b"));
    read.clear();
    assertThat(memories.getMessages(CHAT)).containsExactly(user("a"), user("b"));
  }

  @Test
  void aMissingIdOrListIsNamed() {
    ConversationChatMemoryStore memories = memories();
    assertThatThrownBy(() -> memories.getMessages(null)).hasMessageContaining("memoryId");
    assertThatThrownBy(() -> memories.updateMessages(null, List.of(user("a"))))
        .hasMessageContaining("memoryId");
    assertThatThrownBy(() -> memories.deleteMessages(null)).hasMessageContaining("memoryId");
    assertThatThrownBy(() -> memories.updateMessages(CHAT, null)).hasMessageContaining("messages");
    assertThat(store.find(ALICE, CHAT)).isEmpty();
  }

  @Test
  void theAsynchronousCallsDoTheSame() {
    ConversationChatMemoryStore memories = memories();
    List<ChatMessage> list = new ArrayList<>(List.of(user("a"), user("b")));
    var update = memories.updateMessagesAsync(CHAT, list);
    list.clear();
    update.join();
    assertThat(memories.getMessagesAsync(CHAT).join()).containsExactly(user("a"), user("b"));
    memories.deleteMessagesAsync(CHAT).join();
    assertThat(memories.getMessagesAsync(CHAT).join()).isEmpty();
    ChatMessage own = () -> dev.langchain4j.data.message.ChatMessageType.USER;
    assertThatThrownBy(() -> memories.updateMessagesAsync(CHAT, List.of(own)).join())
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyMemoryIdAndTheFieldsOfANewConversation() {
    record Id(int user, int chat) {}
    ConversationChatMemoryStore memories =
        ConversationChatMemoryStore.builder()
            .store(store)
            .keys(
                id ->
                    ConversationKey.of(
                        Owner.of("acme", "u" + ((Id) id).user()), "c" + ((Id) id).chat()))
            .newConversation(conversation -> conversation.withTitle("Support").withTags("bot"))
            .rememberedConversations(1)
            .build();
    for (int i = 0; i < 3; i++) {
      memories.updateMessages(new Id(i, 7), List.of(user("hi")));
    }
    Conversation begun = store.find(Owner.of("acme", "u2"), "c7").orElseThrow();
    assertThat(begun.title()).isEqualTo("Support");
    assertThat(begun.tags()).containsExactly("bot");
    assertThat(begun.messageCount()).isEqualTo(1);
  }

  @Test
  void badOptionsAreNamed() {
    assertThatThrownBy(() -> ConversationChatMemoryStore.builder().lastMessages(1001))
        .hasMessage("lastMessages must be 1 to 1000, but was 1001");
    assertThatThrownBy(() -> ConversationChatMemoryStore.builder().build())
        .hasMessageContaining("store");
    assertThatThrownBy(() -> ConversationKey.of(ALICE, " "))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ConversationChatMemory.builder().conversation(KEY).build())
        .hasMessage("set maxMessages or maxTokens");
  }

  /** The framework's window over its own store and over this one, side by side. */
  @Test
  void randomSequencesShowTheSameWindowsAsTheFrameworksOwnStore() {
    int sequences = Integer.getInteger("store.sequences", 60);
    long first = Long.getLong("store.seed", 1);
    for (long seed = first; seed < first + sequences; seed++) {
      try {
        compareWithFramework(seed, new Random(seed));
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
      store.delete(ALICE, CHAT);
    }
  }

  private void compareWithFramework(long seed, Random random) {
    int size = 1 + random.nextInt(8);
    boolean byTokens = random.nextBoolean();
    InMemoryChatMemoryStore plain = new InMemoryChatMemoryStore();
    ConversationChatMemoryStore ours = memories(size + 12 + random.nextInt(20));
    ChatMemory expected = memory(byTokens, size, plain);
    ChatMemory actual = memory(byTokens, size, ours);
    List<ChatMessage> all = new ArrayList<>();
    SystemMessage system = null;
    for (int step = 0; step < 40; step++) {
      List<ChatMessage> added = randomTurn(random, size);
      for (ChatMessage message : added) {
        expected.add(message);
        actual.add(message);
        if (!message.equals(system)) {
          all.add(message);
        }
        if (message instanceof SystemMessage present) {
          system = present;
        }
      }
      if (random.nextInt(10) == 0) {
        actual = memory(byTokens, size, memories(size + 12 + random.nextInt(20)));
      }
      assertThat(actual.messages())
          .as("window, seed %s step %s", seed, step)
          .isEqualTo(expected.messages());
    }
    assertThat(history()).isEqualTo(all);
  }

  private static ChatMemory memory(boolean byTokens, int size, ChatMemoryStore memories) {
    return byTokens
        ? TokenWindowChatMemory.builder()
            .id(CHAT)
            .maxTokens(size, new OneTokenEach())
            .alwaysKeepSystemMessageFirst(true)
            .chatMemoryStore(memories)
            .build()
        : window(size, memories);
  }

  /** The framework drops results at once that do not fit beside call and system message. */
  private static List<ChatMessage> randomTurn(Random random, int window) {
    return switch (random.nextInt(8)) {
      case 0 ->
          window < 2
              ? List.of(user("maybe"))
              : List.of(SystemMessage.from("system " + random.nextInt(2)));
      case 1 -> window < 3 ? List.of(user("ok")) : List.of(calls("1"), result("1"));
      case 2 ->
          window < 5
              ? List.of(AiMessage.from("ok"))
              : List.of(calls("1", "2", "1"), result("1"), result("2"), result("1"));
      case 3 -> List.of(AiMessage.from("yes"));
      default -> List.of(user(random.nextBoolean() ? "yes" : "no"));
    };
  }
}
