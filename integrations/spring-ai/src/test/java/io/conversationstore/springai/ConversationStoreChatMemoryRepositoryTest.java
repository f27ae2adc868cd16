package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

/** Mirrors what Spring AI's own tests check of a repository, and adds what a history is. */
class ConversationStoreChatMemoryRepositoryTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final String id = UUID.randomUUID().toString();

  @TempDir Path directory;
  private ConversationStore store;
  private ConversationStoreChatMemoryRepository repository;

  @BeforeEach
  void open() {
    store = JsonFileStore.open(directory);
    repository = repository();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private ConversationStoreChatMemoryRepository repository() {
    return ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).build();
  }

  private List<String> history() {
    return store.last(ALICE, id, 1_000).stream().map(StoredMessage::text).toList();
  }

  private List<String> shown() {
    return repository().findByConversationId(id).stream().map(Message::getText).toList();
  }

  private static List<Message> users(String... texts) {
    return new ArrayList<>(
        Arrays.stream(texts).map(text -> (Message) new UserMessage(text)).toList());
  }

  @Test
  void conversationIdsAreThoseOfTheOwner() {
    repository.saveAll("first", users("a"));
    repository.saveAll("second", users("b"));
    store.create(Owner.of("acme", "bob"), NewConversation.ofId("third"));
    assertThat(repository.findConversationIds()).containsExactlyInAnyOrder("first", "second");
  }

  @Test
  void idsAreListedFromTheFirstSaveUntilTheDeletion() {
    assertThat(repository.findConversationIds()).isEmpty();
    repository.saveAll("first", users("a"));
    repository.saveAll("second", List.of(new AssistantMessage("b")));
    repository.deleteByConversationId("first");
    assertThat(repository.findConversationIds()).containsExactly("second");
  }

  @Test
  void conversationIdsOfAFunctionAreRefusedWithTheReason() {
    ConversationStoreChatMemoryRepository other =
        ConversationStoreChatMemoryRepository.builder(store)
            .places(name -> ConversationPlace.of(Owner.of("acme", name), "only"))
            .build();
    other.saveAll("bob", users("a"));
    assertThat(store.last(Owner.of("acme", "bob"), "only", 1)).hasSize(1);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(other::findConversationIds)
        .withMessageContaining("ConversationPlaces");
  }

  @Test
  void aNewConversationGetsTheFieldsOfItsPlace() {
    ConversationStoreChatMemoryRepository titled =
        ConversationStoreChatMemoryRepository.builder(store)
            .places(
                name ->
                    new ConversationPlace(
                        ALICE, NewConversation.ofId(name).withTitle("Coffee order")))
            .build();
    titled.saveAll(id, users("a"));
    assertThat(store.find(ALICE, id).orElseThrow().title()).isEqualTo("Coffee order");
  }

  @Test
  void whatIsSavedIsFound() {
    List<Message> messages =
        List.of(new SystemMessage("s"), new UserMessage("u"), new AssistantMessage("a"));
    repository.saveAll(id, messages);
    assertThat(repository.findByConversationId(id)).isEqualTo(messages);
    assertThat(repository().findByConversationId(id)).isEqualTo(messages);
  }

  @Test
  void aConversationMayBeginWithAnyMessageAndKeepsTheOrder() {
    List<Message> messages =
        List.of(
            new AssistantMessage("a1"),
            new AssistantMessage("a2"),
            new UserMessage("u"),
            new SystemMessage("s"));
    repository.saveAll(id, messages);
    assertThat(repository().findByConversationId(id)).isEqualTo(messages);
    repository.saveAll("one", messages.subList(0, 1));
    assertThat(repository().findByConversationId("one")).isEqualTo(messages.subList(0, 1));
  }

  @Test
  void theListsOfCallersAreNeitherChangedNorKept() {
    List<Message> own = users("a", "b");
    repository.saveAll(id, own);
    own.add(new UserMessage("not saved"));
    assertThat(repository.findByConversationId(id)).isEqualTo(own.subList(0, 2));
    repository.findByConversationId(id).clear();
    assertThat(shown()).containsExactly("a", "b");
  }

  @Test
  void anUnknownConversationIsEmpty() {
    assertThat(repository.findByConversationId(id)).isEmpty();
  }

  @Test
  void aSavedWindowReplacesTheOneBeforeAndTheHistoryKeepsBoth() {
    repository.saveAll(id, users("a", "b"));
    repository.saveAll(id, users("c", "d"));
    assertThat(shown()).containsExactly("c", "d");
    assertThat(history()).containsExactly("a", "b", "c", "d");
  }

  @Test
  void aMissingPrefixIsTheWindowMoving() {
    repository.saveAll(id, users("a", "b", "c"));
    repository.saveAll(id, users("b", "c", "d"));
    assertThat(shown()).containsExactly("b", "c", "d");
    assertThat(history()).containsExactly("a", "b", "c", "d");
  }

  @Test
  void theSameWindowIsStoredOnce() {
    List<Message> window = users("a", "a", "b");
    repository.saveAll(id, window);
    repository.saveAll(id, window);
    repository().saveAll(id, users("a", "a", "b"));
    assertThat(history()).containsExactly("a", "a", "b");
  }

  @Test
  void aWindowOfEqualMessagesThatSlidesLosesNone() {
    for (int i = 0; i < 4; i++) {
      List<Message> window = repository.findByConversationId(id);
      window.add(new UserMessage("yes"));
      repository.saveAll(id, window.subList(Math.max(0, window.size() - 2), window.size()));
    }
    assertThat(history()).containsExactly("yes", "yes", "yes", "yes");
    assertThat(shown()).containsExactly("yes", "yes");
  }

  @Test
  void aListThatACallerKeepsGrowsByItsNewMessagesOnly() {
    List<Message> own = users("yes");
    Message again = new UserMessage("yes");
    repository.saveAll(id, own);
    own.add(again);
    repository.saveAll(id, own);
    own.remove(0);
    own.add(new UserMessage("yes"));
    repository.saveAll(id, own);
    assertThat(history()).containsExactly("yes", "yes", "yes");
    assertThat(shown()).containsExactly("yes", "yes");
  }

  @Test
  void messagesInFrontAreKeptInFront() {
    List<Message> window = repository.findByConversationId(id);
    window.addAll(List.of(new SystemMessage("s"), new UserMessage("a"), new UserMessage("b")));
    repository.saveAll(id, window);
    List<Message> read = repository.findByConversationId(id);
    repository.saveAll(id, List.of(read.get(0), read.get(2), new UserMessage("c")));
    assertThat(shown()).containsExactly("s", "b", "c");
    read = repository().findByConversationId(id);
    repository().saveAll(id, List.of(read.get(0), read.get(2), new UserMessage("d")));
    assertThat(shown()).containsExactly("s", "c", "d");
    assertThat(history()).containsExactly("s", "a", "b", "c", "d");
  }

  @Test
  void aSummaryInFrontOfKeptMessagesIsAppendedAndShownInFront() {
    repository.saveAll(id, users("a", "b", "c"));
    List<Message> read = repository.findByConversationId(id);
    repository.saveAll(
        id, List.of(new SystemMessage("summary"), read.get(2), new UserMessage("d")));
    assertThat(shown()).containsExactly("summary", "c", "d");
    assertThat(history()).containsExactly("a", "b", "c", "summary", "d");
  }

  @Test
  void messagesOfOthersBelongToTheWindow() {
    repository.saveAll(id, users("a", "b"));
    store.append(ALICE, id, io.conversationstore.Message.user("by another"));
    assertThat(shown()).containsExactly("a", "b", "by another");
    List<Message> read = repository.findByConversationId(id);
    read.add(new UserMessage("c"));
    repository.saveAll(id, read);
    assertThat(history()).containsExactly("a", "b", "by another", "c");
  }

  @Test
  void moreMessagesOfOthersThanAReadTakesAtFirstBelongToTheWindow() {
    repository.saveAll(id, users("a", "b"));
    List<String> all = new ArrayList<>(List.of("a", "b"));
    for (int i = 0; i < 20; i++) {
      store.append(ALICE, id, io.conversationstore.Message.user("other " + i));
      all.add("other " + i);
    }
    assertThat(repository.findByConversationId(id))
        .extracting(Message::getText)
        .containsExactlyElementsOf(all);
  }

  @Test
  void anotherWritersMessageBetweenReadAndSaveIsKept() {
    repository.saveAll(id, users("a"));
    List<Message> read = repository.findByConversationId(id);
    store.append(ALICE, id, io.conversationstore.Message.user("between"));
    read.add(new UserMessage("b"));
    repository.saveAll(id, read);
    assertThat(history()).containsExactly("a", "between", "b");
  }

  @Test
  void aConversationThatNoMemorySavedIsReadFromAUserMessageOn() {
    for (int i = 0; i < 60; i++) {
      store.append(
          ALICE,
          NewConversation.ofId(id),
          io.conversationstore.Message.assistant("answer " + i),
          io.conversationstore.Message.user("question " + i));
    }
    assertThat(shown()).hasSize(99).first().isEqualTo("question 10");
  }

  @Test
  void aWindowLongerThanAPageIsWhole() {
    List<Message> many = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      many.add(new UserMessage("m" + i));
    }
    repository.saveAll(id, many);
    assertThat(repository().findByConversationId(id)).isEqualTo(many);
  }

  @Test
  void aWindowThatBeganWithADeletedMessageIsStillRead() {
    repository.saveAll(id, users("a", "b"));
    store.deleteMessage(ALICE, id, store.last(ALICE, id, 2).get(0).id());
    assertThat(shown()).containsExactly("b");
  }

  @Test
  void severalToolResultsAreOneMessageOfTheWindow() {
    Message results =
        ToolResponseMessage.builder()
            .responses(List.of(new ToolResponse("1", "t", "x"), new ToolResponse("2", "t", "x")))
            .build();
    repository.saveAll(id, List.of(new UserMessage("a"), results, results));
    List<Message> read = repository.findByConversationId(id);
    assertThat(read).containsExactly(new UserMessage("a"), results, results);
    repository.saveAll(id, List.of(read.get(2), new UserMessage("b")));
    assertThat(repository().findByConversationId(id))
        .containsExactly(results, new UserMessage("b"));
    assertThat(history()).hasSize(6);
  }

  /** Spring's own repositories keep the window of one of the threads. */
  @Test
  void messagesOfThreadsThatSaveAtOnceAllStay() throws Exception {
    repository.saveAll(id, users("first"));
    MessageWindowChatMemory memory =
        MessageWindowChatMemory.builder().chatMemoryRepository(repository).maxMessages(3).build();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        int number = thread;
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 25; i++) {
                    memory.add(id, new UserMessage(number + " says the same"));
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(history()).hasSize(101);
    for (int thread = 0; thread < 4; thread++) {
      assertThat(Collections.frequency(history(), thread + " says the same")).isEqualTo(25);
    }
  }

  @Test
  void aDeletedConversationIsGoneAndItsIdBeginsANewOne() {
    repository.saveAll(id, users("a"));
    repository.deleteByConversationId(id);
    assertThat(repository.findByConversationId(id)).isEmpty();
    assertThat(store.find(ALICE, id)).isEmpty();
    repository.saveAll(id, users("a"));
    assertThat(history()).containsExactly("a");
  }

  @Test
  void deletingWhatIsNotThereDoesNothing() {
    repository.deleteByConversationId(id);
    repository.saveAll("other", users("a"));
    repository.deleteByConversationId(id);
    assertThat(repository.findConversationIds()).containsExactly("other");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " "})
  void aMissingIdIsRefusedByEveryCall(String missing) {
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> repository.saveAll(missing, users("a")),
            () -> repository.findByConversationId(missing),
            () -> repository.deleteByConversationId(missing))) {
      assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining("conversationId");
    }
    assertThat(repository.findConversationIds()).isEmpty();
  }

  @Test
  void missingMessagesAreRefusedAndNothingIsStored() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> repository.saveAll(id, null))
        .withMessageContaining("messages");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> repository.saveAll(id, Arrays.asList(new UserMessage("a"), null)))
        .withMessageContaining("null");
    assertThat(store.find(ALICE, id)).isEmpty();
  }

  @Test
  void badSettingsAreOneClearError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConversationStoreChatMemoryRepository.builder(store).pageSize(0))
        .withMessageContaining("1 to 1000");
    assertThatIllegalStateException()
        .isThrownBy(() -> ConversationStoreChatMemoryRepository.builder(store).build())
        .withMessageContaining("owner");
  }
}
