package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.langchain4j.CountingStore.Loss;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The window of this module's own memory. */
class ChatMemoryTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final ConversationKey KEY = ConversationKey.of(ALICE, "chat");

  private final ConversationStore store = ReferenceStore.create(Clock.systemUTC());
  private final CountingStore counting = new CountingStore(store);

  private ConversationChatMemory ofMessages(int size) {
    return ConversationChatMemory.builder()
        .store(counting.store())
        .conversation(KEY)
        .maxMessages(size)
        .build();
  }

  private ConversationChatMemory ofTokens(int size) {
    return ConversationChatMemory.builder()
        .store(counting.store())
        .conversation(KEY)
        .maxTokens(size, new OneTokenEach())
        .build();
  }

  private ConversationChatMemory ofCharacters(int size) {
    return ConversationChatMemory.builder()
        .store(counting.store())
        .conversation(KEY)
        .maxTokens(size, new OneTokenPerCharacter())
        .build();
  }

  private List<ChatMessage> history() {
    return store.read(ALICE, "chat").messages().stream()
        .map(each -> MessageMapping.read(Placement.plain(each.message())))
        .toList();
  }

  private static ChatMessage copy(ChatMessage message) {
    return message instanceof UserMessage user
        ? user(user.singleText())
        : AiMessage.from(((AiMessage) message).text());
  }

  private static UserMessage user(String text) {
    return UserMessage.from(text);
  }

  private static AiMessage calls(String... ids) {
    List<ToolExecutionRequest> requests = new ArrayList<>();
    for (String id : ids) {
      requests.add(
          ToolExecutionRequest.builder()
              .id(id.isEmpty() ? null : id)
              .name("tool")
              .arguments("{}")
              .build());
    }
    return AiMessage.from(requests);
  }

  private static ToolExecutionResultMessage result(String id) {
    return ToolExecutionResultMessage.from(id.isEmpty() ? null : id, "tool", "result " + id);
  }

  @Test
  void anAddAppendsWithoutReading() {
    ConversationChatMemory memory = ofMessages(4);
    for (int i = 0; i < 50; i++) {
      memory.add(user("m" + i));
      assertThat(counting.calls()).containsExactly("append");
    }
    assertThat(memory.messages())
        .containsExactly(user("m46"), user("m47"), user("m48"), user("m49"));
    // Once also the first message, which might be a system message.
    assertThat(counting.calls()).containsExactly("messages", "messages");
    memory.messages();
    assertThat(counting.calls()).containsExactly("messages");
    memory.add(user("a"), AiMessage.from("b"));
    assertThat(counting.calls()).containsExactly("append");
    assertThat(history()).hasSize(52);
  }

  @Test
  void theSystemMessageIsKeptReplacedAndCounted() {
    ConversationChatMemory memory = ofMessages(3);
    memory.add(SystemMessage.from("one"));
    for (int i = 0; i < 60; i++) {
      memory.add(SystemMessage.from("one"));
      memory.add(user("m" + i));
      // As after a restart.
      memory = ofMessages(3);
    }
    assertThat(memory.messages())
        .containsExactly(SystemMessage.from("one"), user("m58"), user("m59"));
    memory.add(List.of(SystemMessage.from("two"), user("m60")));
    assertThat(memory.messages())
        .containsExactly(SystemMessage.from("two"), user("m59"), user("m60"));
    assertThat(history()).hasSize(63);
  }

  @Test
  void aCallAndItsResultsAreInTheWindowOrOutOfIt() {
    ConversationChatMemory memory = ofMessages(4);
    memory.add(user("q"));
    memory.add(calls("1", "2"));
    assertThat(memory.messages()).containsExactly(user("q"));
    memory.add(result("2"));
    assertThat(memory.messages()).containsExactly(user("q"));
    memory.add(result("1"));
    assertThat(memory.messages())
        .containsExactly(user("q"), calls("1", "2"), result("2"), result("1"));
    memory.add(AiMessage.from("a"));
    assertThat(memory.messages())
        .containsExactly(calls("1", "2"), result("2"), result("1"), AiMessage.from("a"));
    memory.add(user("next"));
    assertThat(memory.messages()).containsExactly(AiMessage.from("a"), user("next"));
  }

  @Test
  void theNewestCallIsWholeAlsoIfItIsLargerThanTheWindow() {
    ConversationChatMemory memory = ofMessages(2);
    memory.add(user("q"));
    memory.add(List.of(calls("", "", "x"), result(""), result("x"), result("")));
    assertThat(memory.messages())
        .containsExactly(calls("", "", "x"), result(""), result("x"), result(""));
  }

  @Test
  void aCallThatNeverGotItsResultIsLeftOut() {
    ConversationChatMemory memory = ofMessages(10);
    memory.add(List.of(user("q"), calls("1", "2"), result("1")));
    memory.add(List.of(user("again"), calls("2"), result("2"), AiMessage.from("a")));
    assertThat(memory.messages())
        .containsExactly(user("q"), user("again"), calls("2"), result("2"), AiMessage.from("a"));
    assertThat(history()).hasSize(7);
  }

  @Test
  void resultsFollowTheirCallAlsoIfOthersWriteBetweenThem() {
    ConversationChatMemory memory = ofMessages(10);
    memory.add(List.of(calls("1", "2"), user("of another"), result("2"), calls("3")));
    memory.add(List.of(result("1"), result("3"), AiMessage.from("a")));
    assertThat(memory.messages())
        .containsExactly(
            calls("1", "2"),
            result("2"),
            result("1"),
            user("of another"),
            calls("3"),
            result("3"),
            AiMessage.from("a"));
  }

  @Test
  void aChangedWindowIsStoredAsItsDifference() {
    ConversationChatMemory memory = ofMessages(10);
    memory.add(List.of(user("q"), calls("1"), result("1")));
    List<ChatMessage> window = memory.messages();
    memory.add(user("added since"));
    ToolExecutionResultMessage undone = ToolExecutionResultMessage.from("1", "tool", "undone");
    window.set(2, undone);
    window.add(user("added since"));
    memory.set(window);
    List<ChatMessage> now = memory.messages();
    memory.set(now);
    assertThat(memory.messages()).isEqualTo(now);
    assertThat(now).containsExactly(user("q"), calls("1"), undone, user("added since"));
    assertThatThrownBy(() -> memory.set(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(Loss.class)
  void aRepeatedAddIsStoredOnce(Loss loss) {
    ConversationChatMemory memory = ofMessages(10);
    UserMessage question = user("q");
    counting.loseNext(loss);
    if (loss != Loss.NONE) {
      assertThatThrownBy(() -> memory.add(question)).isInstanceOf(StoreUnavailableException.class);
      memory.messages();
    }
    memory.add(question);
    memory.add(question);
    assertThat(history()).containsExactly(question, question);
  }

  @Test
  void twoMemoriesOnOneConversationSeeEachOther() {
    ConversationChatMemory one = ofMessages(5);
    ConversationChatMemory two = ofTokens(5);
    for (int i = 0; i < 20; i++) {
      (i % 3 == 0 ? one : two).add(user("m" + i));
    }
    assertThat(one.messages()).isEqualTo(two.messages()).hasSize(5).endsWith(user("m19"));
    one.clear();
    assertThat(two.messages()).isEmpty();
    two.add(user("new"));
    assertThat(one.messages()).containsExactly(user("new"));
  }

  @Test
  void theAsynchronousCallsDoTheSame() {
    ConversationChatMemory memory = ofMessages(5);
    memory.addAsync(List.of(user("a"), user("b"))).join();
    assertThat(memory.messagesAsync().join()).containsExactly(user("a"), user("b"));
    memory.setAsync(List.of(user("a"), user("b"), user("c"))).join();
    assertThat(memory.messagesAsync().join()).containsExactly(user("a"), user("b"), user("c"));
    assertThat(memory.id()).isEqualTo("chat");
  }

  @Test
  void aWindowByTokensReadsAsManyPagesAsItNeeds() {
    ConversationChatMemory memory = ofTokens(450);
    for (int i = 0; i < 600; i++) {
      memory.add(user("m" + i));
    }
    counting.calls();
    assertThat(memory.messages()).hasSize(450).startsWith(user("m150")).endsWith(user("m599"));
    assertThat(counting.calls()).hasSizeBetween(2, 5).containsOnly("messages");
  }

  @Test
  void theIdIsTheGivenOneOrThatOfTheConversation() {
    assertThat(ofMessages(1).id()).isEqualTo("chat");
    ConversationChatMemory named =
        ConversationChatMemory.builder()
            .id(7)
            .store(store)
            .conversation(KEY)
            .maxMessages(1)
            .build();
    assertThat(named.id()).isEqualTo(7);
  }

  @Test
  void clearingTwiceIsClearingOnce() {
    ConversationChatMemory memory = ofMessages(2);
    memory.clear();
    memory.add(SystemMessage.from("system"), user("q"));
    memory.clear();
    memory.clear();
    assertThat(memory.messages()).isEmpty();
    assertThat(store.find(ALICE, "chat")).isEmpty();
  }

  @Test
  void windowsOfOtherSizesShowMoreOrLessOfTheSameHistory() {
    ConversationChatMemory memory = ofMessages(3);
    memory.add(user("a"), user("b"), user("c"), user("d"));
    assertThat(memory.messages()).containsExactly(user("b"), user("c"), user("d"));
    assertThat(ofMessages(5).messages())
        .containsExactly(user("a"), user("b"), user("c"), user("d"));
    assertThat(ofTokens(2).messages()).containsExactly(user("c"), user("d"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSetLongerThanTheWindowShowsItsEndAndLeavesTheListAlone(boolean byTokens) {
    ConversationChatMemory memory = byTokens ? ofTokens(2) : ofMessages(2);
    memory.set(user("a"), user("b"), user("c"));
    assertThat(memory.messages()).containsExactly(user("b"), user("c"));
    List<ChatMessage> own = new ArrayList<>(List.of(user("d"), user("e"), user("f")));
    memory.set(own);
    assertThat(own).containsExactly(user("d"), user("e"), user("f"));
    own.add(user("not set"));
    assertThat(memory.messages()).containsExactly(user("e"), user("f"));
    memory.messages().clear();
    assertThat(memory.messages()).containsExactly(user("e"), user("f"));
  }

  @Test
  void aSetOfNewMessagesReplacesTheWindowInOneCall() {
    ConversationChatMemory memory = ofMessages(3);
    memory.add(user("a"), AiMessage.from("b"), AiMessage.from("c"));
    memory.messages();
    counting.calls();
    memory.set(user("x"), AiMessage.from("y"));
    assertThat(counting.calls()).containsExactly("append");
    assertThat(memory.messages()).containsExactly(user("x"), AiMessage.from("y"));
    assertThat(ofMessages(3).messages()).containsExactly(user("x"), AiMessage.from("y"));
    assertThat(history()).hasSize(5);
  }

  @Test
  void noOlderMessageComesBackWhereASetShortensTheWindow() {
    ConversationChatMemory memory = ofMessages(4);
    for (int i = 0; i < 20; i++) {
      memory.add(user("m" + i));
    }
    ChatMessage last = memory.messages().get(3);
    memory.set(AiMessage.from("summary"), last);
    assertThat(memory.messages()).containsExactly(AiMessage.from("summary"), user("m19"));
    assertThat(ofMessages(4).messages()).containsExactly(AiMessage.from("summary"), user("m19"));
    memory.add(user("m20"));
    assertThat(ofMessages(4).messages())
        .containsExactly(AiMessage.from("summary"), user("m19"), user("m20"));
    assertThat(history()).hasSize(22);
  }

  @Test
  void aSetWithoutTheOldestMessagesLeavesThemOut() {
    ConversationChatMemory memory = ofMessages(4);
    memory.add(user("a"), user("b"), user("c"), user("d"), user("e"));
    memory.set(memory.messages().subList(2, 4));
    assertThat(memory.messages()).containsExactly(user("d"), user("e"));
    memory.add(user("f"));
    assertThat(ofMessages(4).messages()).containsExactly(user("d"), user("e"), user("f"));
    // Without a read before, by content.
    ofMessages(4).set(user("f"));
    ofMessages(4).set(user("g"));
    assertThat(ofMessages(4).messages()).containsExactly(user("g"));
    assertThat(history()).hasSize(7);
  }

  @Test
  void theNewestCallIsShownBesideTheSystemMessageAlsoBeyondTheWindow() {
    ConversationChatMemory memory = ofMessages(2);
    SystemMessage system = SystemMessage.from("system");
    memory.add(system, user("q"));
    memory.add(calls("1"), result("1"));
    assertThat(memory.messages()).containsExactly(system, calls("1"), result("1"));
    memory.add(AiMessage.from("a"));
    assertThat(memory.messages()).containsExactly(system, AiMessage.from("a"));
  }

  @Test
  void aWindowByTokensCountsEachMessageAndTheRequest() {
    ConversationChatMemory memory = ofCharacters(33);
    memory.add(SystemMessage.from("s".repeat(10)), user("a".repeat(10)), user("b".repeat(10)));
    assertThat(memory.messages()).hasSize(3);
    memory.add(AiMessage.from("c"));
    assertThat(memory.messages())
        .containsExactly(
            SystemMessage.from("s".repeat(10)), user("b".repeat(10)), AiMessage.from("c"));
    assertThat(ofCharacters(34).messages()).hasSize(4);
    memory.add(user("d".repeat(20)));
    assertThat(memory.messages())
        .containsExactly(SystemMessage.from("s".repeat(10)), user("d".repeat(20)));
  }

  @Test
  void aMessageBeyondTheTokensOfTheWindowIsShownAlone() {
    ConversationChatMemory memory = ofCharacters(2);
    memory.add(SystemMessage.from("long system message"));
    assertThat(memory.messages()).containsExactly(SystemMessage.from("long system message"));
    for (int i = 0; i < 3; i++) {
      memory.add(user("long question " + i));
      memory.add(AiMessage.from("long answer " + i));
      assertThat(memory.messages())
          .containsExactly(
              SystemMessage.from("long system message"), AiMessage.from("long answer " + i));
    }
  }

  /** A model that is a list, as long as it fits into the window. */
  @Test
  void randomSetsAndAddsShowWhatWasSet() {
    int sequences = Integer.getInteger("store.sequences", 60);
    long first = Long.getLong("store.seed", 1);
    for (long seed = first; seed < first + sequences; seed++) {
      Random random = new Random(seed);
      int size = 2 + random.nextInt(8);
      ConversationChatMemory memory = ofMessages(size);
      List<ChatMessage> expected = new ArrayList<>();
      for (int step = 0; step < 60; step++) {
        if (random.nextInt(3) > 0) {
          ChatMessage added = user("m" + random.nextInt(4));
          memory.add(added);
          expected.add(added);
        } else {
          List<ChatMessage> changed = memory.messages();
          for (int i = random.nextInt(4); i > 0 && !changed.isEmpty(); i--) {
            changed.remove(random.nextInt(changed.size()));
          }
          for (int i = random.nextInt(3); i > 0; i--) {
            changed.add(random.nextInt(changed.size() + 1), AiMessage.from("s" + step + i));
          }
          if (random.nextInt(4) == 0) {
            changed.replaceAll(ChatMemoryTest::copy);
          }
          changed.add(user("last " + step));
          memory.set(changed);
          expected = new ArrayList<>(changed);
        }
        expected = expected.subList(Math.max(0, expected.size() - size), expected.size());
        if (random.nextInt(5) == 0) {
          memory = ofMessages(size);
        }
        assertThat(memory.messages()).as("seed %s, step %s", seed, step).isEqualTo(expected);
      }
      store.delete(ALICE, "chat");
    }
  }

  /** Random histories against a model that knows the units of a history from having made them. */
  @Test
  void randomHistoriesShowTheNewestUnitsThatFit() {
    int sequences = Integer.getInteger("store.sequences", 100);
    long first = Long.getLong("store.seed", 1);
    for (long seed = first; seed < first + sequences; seed++) {
      try {
        compareWithModel(new Random(seed));
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
      store.delete(ALICE, "chat");
    }
  }

  private void compareWithModel(Random random) {
    int size = 1 + random.nextInt(8);
    ConversationChatMemory memory = random.nextBoolean() ? ofMessages(size) : ofTokens(size);
    List<List<ChatMessage>> units = new ArrayList<>();
    List<ChatMessage> all = new ArrayList<>();
    SystemMessage system = null;
    for (int step = 0; step < 60; step++) {
      List<ChatMessage> unit = new ArrayList<>();
      boolean shown = true;
      switch (random.nextInt(8)) {
        case 0 -> {
          SystemMessage next = SystemMessage.from("system " + random.nextInt(2));
          if (!next.equals(system)) {
            all.add(next);
          }
          system = next;
          memory.add(next);
          shown = false;
        }
        case 1 -> {
          int calls = 1 + random.nextInt(3);
          String[] ids = new String[calls];
          for (int i = 0; i < calls; i++) {
            ids[i] = random.nextInt(3) == 0 ? "" : "c" + random.nextInt(2);
          }
          unit.add(calls(ids));
          for (String id : ids) {
            unit.add(result(id));
          }
          // A crash before the last result.
          if (random.nextInt(4) == 0) {
            unit.remove(unit.size() - 1);
            shown = false;
          }
        }
        case 2 -> {
          unit.add(result("orphan"));
          shown = false;
        }
        case 3 -> unit.add(AiMessage.from("yes"));
        default -> unit.add(user(random.nextBoolean() ? "yes" : "no"));
      }
      if (random.nextBoolean()) {
        unit.forEach(memory::add);
      } else {
        memory.add(unit);
      }
      all.addAll(unit);
      if (shown) {
        units.add(unit);
      }
      if (random.nextInt(10) == 0) {
        memory = random.nextBoolean() ? ofMessages(size) : ofTokens(size);
      }
      assertThat(memory.messages()).as("step %s", step).isEqualTo(expected(system, units, size));
    }
    assertThat(history()).isEqualTo(all);
  }

  private static List<ChatMessage> expected(
      SystemMessage system, List<List<ChatMessage>> units, int size) {
    List<ChatMessage> window = new ArrayList<>();
    int room = size - (system == null ? 0 : 1);
    for (int i = units.size() - 1; i >= 0; i--) {
      if (i < units.size() - 1 && window.size() + units.get(i).size() > room) {
        break;
      }
      window.addAll(0, units.get(i));
    }
    if (system != null) {
      window.add(0, system);
    }
    return window;
  }
}
