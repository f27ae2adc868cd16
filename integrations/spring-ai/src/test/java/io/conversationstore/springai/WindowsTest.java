package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.InMemoryChatMemoryRepository;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

/** Random windows of all memories against models; {@code -Dstore.seed} repeats a run. */
class WindowsTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final long seed = Long.getLong("store.seed", new Random().nextLong());

  @TempDir Path directory;
  private ConversationStore store;

  @BeforeEach
  void open() {
    store = JsonFileStore.open(JsonFileOptions.in(directory).withDurability(Durability.SYSTEM));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private List<List<io.conversationstore.Message>> history(String id) {
    return forms(
        SpringAiMessages.fromStore(
            store.messages(ALICE, id, io.conversationstore.MessageQuery.first(1_000)).items()));
  }

  private static List<List<io.conversationstore.Message>> forms(List<Message> messages) {
    return messages.stream().map(MessageCodec::comparable).toList();
  }

  /**
   * The window of Spring's own memory over our repository is that over the repository in memory,
   * and the history has each message once, in the order of their adds.
   */
  @Test
  void springsWindowOverTheRepositoryIsItsOwnAndTheHistoryIsWhole() {
    Random random = new Random(seed);
    for (int run = 0; run < 60; run++) {
      String id = "chat-" + run;
      int most = 1 + random.nextInt(6);
      int page = 1 + random.nextInt(8);
      ChatMemory model = springs(new InMemoryChatMemoryRepository(), most);
      ChatMemory tried = springs(repository(page), most);
      List<Message> constant = List.of(new UserMessage("yes"), new SystemMessage("Be brief"));
      List<Message> all = new ArrayList<>();
      for (int step = 0; step < 25; step++) {
        List<Message> turn = new ArrayList<>();
        if (step < 2) { // shows the repository that this memory passes objects on
          turn.add(step == 0 ? new UserMessage("first") : new AssistantMessage("second"));
        }
        for (int i = step < 2 ? 0 : random.nextInt(4); i > 0; i--) {
          // Objects that are used again are a trap for alignment by object.
          turn.add(
              random.nextInt(4) == 0
                  ? constant.get(random.nextInt(2))
                  : RandomMessages.any(random));
        }
        boolean restarts = random.nextInt(6) == 0;
        if (restarts) {
          tried = springs(repository(page), most);
        }
        model.add(id, turn);
        tried.add(id, turn);
        List<Message> saved = saved(turn, model.get(id));
        all.addAll(saved);
        String what = "seed " + seed + ", run " + run + ", step " + step + ", window of " + most;
        if (saved.isEmpty() && !turn.isEmpty()) {
          break; // a window that only loses messages is not stored
        }
        if (!saved.isEmpty()) {
          assertThat(forms(tried.get(id))).as(what).isEqualTo(forms(model.get(id)));
        }
        if (!all.isEmpty()) {
          assertThat(history(id)).as(what).isEqualTo(forms(all));
        }
      }
    }
  }

  /**
   * What of a turn reached the repository: Spring's memory drops messages that do not fit into the
   * window before it saves them, the first ones first, and never system messages.
   */
  private static List<Message> saved(List<Message> turn, List<Message> window) {
    long fitting = window.stream().filter(each -> !(each instanceof SystemMessage)).count();
    long dropped = turn.stream().filter(each -> !(each instanceof SystemMessage)).count() - fitting;
    List<Message> saved = new ArrayList<>();
    for (Message message : turn) {
      if (message instanceof SystemMessage || dropped-- <= 0) {
        saved.add(message);
      }
    }
    return saved;
  }

  /** Conversations with complete turns, over our memory. */
  @Test
  void theWindowOfTheMemoryIsAnEndOfTheHistoryThatAModelAccepts() {
    Random random = new Random(seed);
    for (int run = 0; run < 60; run++) {
      String id = "memory-" + run;
      int most = 1 + random.nextInt(12);
      ConversationStoreChatMemory memory =
          ConversationStoreChatMemory.builder(store).owner(ALICE).maxMessages(most).build();
      List<Message> all = new ArrayList<>();
      for (int turn = 0; turn < 12; turn++) {
        for (Message message : turn(random)) {
          memory.add(id, message);
          all.add(message);
          String what = "seed " + seed + ", run " + run + ", " + all.size() + " messages, " + most;
          List<Message> window = memory.get(id);
          assertThat(window.size()).as(what).isLessThanOrEqualTo(most);
          assertThat(window).as(what).isEqualTo(Turns.answered(window, false));
          if (!window.isEmpty()) {
            assertThat(forms(all)).as(what).containsSubsequence(forms(window));
          }
          if (message.getMessageType() == MessageType.USER) {
            assertThat(window.get(window.size() - 1)).as(what).isEqualTo(message);
          }
        }
      }
      assertThat(history(id)).isEqualTo(forms(all));
    }
  }

  private static List<Message> turn(Random random) {
    List<Message> turn = new ArrayList<>();
    turn.add(new UserMessage(random.nextBoolean() ? "yes" : "no"));
    for (int i = random.nextInt(3); i > 0; i--) {
      turn.add(
          AssistantMessage.builder()
              .content(null)
              .toolCalls(
                  List.of(
                      new AssistantMessage.ToolCall("1", "function", "search", "{}"),
                      new AssistantMessage.ToolCall("2", "function", "search", "{}")))
              .build());
      if (random.nextInt(4) == 0) {
        return turn; // the application stopped before the results were there
      }
      turn.add(
          ToolResponseMessage.builder()
              .responses(
                  List.of(
                      new ToolResponse("1", "search", "x"), new ToolResponse("2", "search", "y")))
              .build());
    }
    turn.add(new AssistantMessage("ok"));
    return turn;
  }

  /** A memory that passes copies: new messages can be found by content only. */
  @Test
  void aMemoryThatCopiesMessagesLosesNoneAndDoublesNone() {
    Random random = new Random(seed);
    for (int run = 0; run < 60; run++) {
      String id = "copies-" + run;
      int most = 2 + random.nextInt(5);
      ConversationStoreChatMemoryRepository repository = repository(100);
      List<Message> all = new ArrayList<>();
      for (int step = 0; step < 25; step++) {
        Message added = new UserMessage(random.nextBoolean() ? "yes" : "no");
        List<Message> window = new ArrayList<>();
        repository
            .findByConversationId(id)
            .forEach(each -> window.add(((UserMessage) each).copy()));
        window.add(added);
        repository.saveAll(id, window.subList(Math.max(0, window.size() - most), window.size()));
        all.add(added);
        assertThat(history(id))
            .as("seed %s, run %s, step %s, window of %s", seed, run, step, most)
            .isEqualTo(forms(all));
      }
    }
  }

  private ConversationStoreChatMemoryRepository repository(int page) {
    return ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).pageSize(page).build();
  }

  private static ChatMemory springs(
      org.springframework.ai.chat.memory.ChatMemoryRepository repository, int most) {
    return MessageWindowChatMemory.builder()
        .chatMemoryRepository(repository)
        .maxMessages(most)
        .build();
  }
}
