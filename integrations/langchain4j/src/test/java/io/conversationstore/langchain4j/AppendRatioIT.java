package io.conversationstore.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.ChatMemoryProvider;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints what appending the 1,000th message of a conversation costs against the 10th: medians over
 * pairs of a long and a short conversation, to which messages are added in turn, so that both see
 * the same machine. Beside them a store of windows as LangChain4j's documentation shows one. {@code
 * -Dratio.pairs=…} sets the number of pairs. Nothing timed is asserted.
 */
class AppendRatioIT {

  private static final Owner OWNER = Owner.of("acme", "alice");
  private static final int WINDOW = 20;
  private static final int PAIRS = Integer.getInteger("ratio.pairs", 100);

  @Test
  void inFiles(@TempDir Path directory) {
    try (ConversationStore files = JsonFileStore.open(directory)) {
      measure("files", files, PAIRS);
    }
  }

  @Test
  void inPostgres() throws SQLException {
    try (TestPostgres server = TestPostgres.builder().start();
        ConversationStore postgres =
            PostgresStore.open(
                PostgresOptions.url(server.jdbcUrl(server.createDatabase()))
                    .withLogin(server.user(), server.password()));
        UpsertedMemories upserted = new UpsertedMemories(server)) {
      measure("postgres", postgres, PAIRS);
      for (int window : new int[] {WINDOW, Integer.MAX_VALUE}) {
        print(
            "one upserted row, window "
                + (window == WINDOW ? WINDOW : "of everything")
                + " (LangChain4j's documentation)",
            PAIRS,
            (id, length) -> upserted.filled(id, length, window));
      }
    }
  }

  private static void measure(String name, ConversationStore store, int pairs) {
    for (int lastMessages : new int[] {WINDOW + 5, 100}) {
      ConversationChatMemoryStore memories =
          ConversationChatMemoryStore.builder()
              .store(store)
              .keys(id -> ConversationKey.of(OWNER, id.toString()))
              .lastMessages(lastMessages)
              .build();
      print(
          name + " framework's window, reads of " + lastMessages,
          store,
          pairs,
          id ->
              MessageWindowChatMemory.builder()
                  .id(id)
                  .maxMessages(WINDOW)
                  .chatMemoryStore(memories)
                  .build());
    }
    print(
        name + " own memory",
        store,
        pairs,
        id ->
            ConversationChatMemory.builder()
                .store(store)
                .conversation(ConversationKey.of(OWNER, id.toString()))
                .maxMessages(WINDOW)
                .build());
  }

  /** Makes a memory that was read once, on a conversation of so many messages. */
  private interface Filled {
    ChatMemory of(String id, int length);
  }

  private static void print(
      String name, ConversationStore store, int pairs, ChatMemoryProvider provider) {
    List<String> lengths = new ArrayList<>();
    print(
        name,
        pairs,
        (id, length) -> {
          lengths.add(id);
          return filled(store, provider, id, length);
        });
    for (String id : lengths) {
      long added = store.find(OWNER, id).orElseThrow().messageCount();
      assertThat(added).isEqualTo(id.endsWith("small") ? 10 : 1_000);
    }
  }

  private static void print(String name, int pairs, Filled memories) {
    // The first round warms the code up.
    for (int round = 0; round < 2; round++) {
      long[] tenth = new long[pairs];
      long[] thousandth = new long[pairs];
      for (int pair = 0; pair < pairs; pair++) {
        String id = name + " " + round + " " + pair;
        ChatMemory small = memories.of(id + " small", 9);
        ChatMemory large = memories.of(id + " large", 999);
        if (pair % 2 == 0) {
          tenth[pair] = nanosOfAdd(small);
          thousandth[pair] = nanosOfAdd(large);
        } else {
          thousandth[pair] = nanosOfAdd(large);
          tenth[pair] = nanosOfAdd(small);
        }
      }
      if (round > 0) {
        Arrays.sort(tenth);
        Arrays.sort(thousandth);
        double last = thousandth[pairs / 2];
        double first = tenth[pairs / 2];
        System.out.printf(
            Locale.ROOT,
            "RATIO langchain4j append 1000th/10th %s %.2f (%.0f us, %.0f us)%n",
            name,
            last / first,
            last / 1e3,
            first / 1e3);
      }
    }
  }

  /** A memory that was read once, on a conversation of so many messages. */
  private static ChatMemory filled(
      ConversationStore store, ChatMemoryProvider provider, String id, int length) {
    List<Message> messages = new ArrayList<>(length);
    for (int number = 0; number < length; number++) {
      messages.add(MessageMapping.write(message(number)));
    }
    store.append(OWNER, NewConversation.ofId(id), messages, AppendCondition.always());
    ChatMemory memory = provider.get(id);
    memory.messages();
    return memory;
  }

  private static long nanosOfAdd(ChatMemory memory) {
    ChatMessage message = message(999);
    long begin = System.nanoTime();
    memory.add(message);
    return System.nanoTime() - begin;
  }

  static ChatMessage message(int number) {
    String text = "message " + number + ": " + "words ".repeat(20);
    return number % 2 == 0 ? UserMessage.from(text) : AiMessage.from(text);
  }
}
