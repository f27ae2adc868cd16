package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.memory.repository.jdbc.JdbcChatMemoryRepository;
import org.springframework.ai.chat.memory.repository.jdbc.PostgresChatMemoryRepositoryDialect;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * The lines of {@link RatioTest}, the same by pairs, and beside them those of Spring AI's own
 * memory in a database, with its usual window and with the whole history.
 */
class RatioIT {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int PAIRS = Integer.getInteger("ratio.pairs", 100);

  @Test
  void thisStore() {
    new RatioTest().theThousandthMessageCostsWhatTheTenthDoes();
  }

  /**
   * Medians over pairs of a long and a short conversation, to which messages are added in turn, so
   * that both see the same machine.
   */
  @Test
  void thisStoreByPairs() {
    try (TestPostgres server = TestPostgres.start();
        ConversationStore store =
            PostgresStore.open(
                PostgresOptions.url(server.jdbcUrl(server.createDatabase()))
                    .withLogin(server.user(), server.password()))) {
      ChatMemory own = ConversationStoreChatMemory.builder(store).owner(ALICE).build();
      ChatMemory window =
          MessageWindowChatMemory.builder()
              .chatMemoryRepository(
                  ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).build())
              .build();
      for (boolean warm : new boolean[] {false, true}) {
        pairs("ChatMemory", own, own, warm);
        pairs("ChatMemoryRepository", own, window, warm);
      }
    }
  }

  private static void pairs(String name, ChatMemory fills, ChatMemory memory, boolean print) {
    long[] tenth = new long[PAIRS];
    long[] thousandth = new long[PAIRS];
    for (int pair = 0; pair < PAIRS; pair++) {
      String id = name + " " + print + " " + pair;
      filled(fills, memory, id + " small", 9);
      filled(fills, memory, id + " large", 999);
      if (pair % 2 == 0) {
        tenth[pair] = nanosOfAdd(memory, id + " small");
        thousandth[pair] = nanosOfAdd(memory, id + " large");
      } else {
        thousandth[pair] = nanosOfAdd(memory, id + " large");
        tenth[pair] = nanosOfAdd(memory, id + " small");
      }
    }
    if (print) {
      Arrays.sort(tenth);
      Arrays.sort(thousandth);
      double first = tenth[PAIRS / 2];
      double last = thousandth[PAIRS / 2];
      System.out.printf(
          Locale.ROOT,
          "RATIO spring-ai pairs %s 1000th/10th=%.2f (%.0f us / %.0f us)%n",
          name,
          last / first,
          last / 1_000,
          first / 1_000);
    }
  }

  /** The last two messages by the memory that is measured, which then knows its window. */
  private static void filled(ChatMemory fills, ChatMemory memory, String id, int length) {
    List<Message> messages = new ArrayList<>();
    for (int number = 1; number <= length - 2; number++) {
      messages.add(new UserMessage("message " + number));
    }
    fills.add(id, messages);
    memory.add(id, new UserMessage("message " + (length - 1)));
    memory.add(id, new UserMessage("message " + length));
  }

  private static long nanosOfAdd(ChatMemory memory, String id) {
    Message message = new UserMessage("the next");
    long begin = System.nanoTime();
    memory.add(id, message);
    return System.nanoTime() - begin;
  }

  @Test
  void besideSpringAisOwnMemoryInADatabase() {
    try (TestPostgres server = TestPostgres.start();
        FaultProxy proxy = FaultProxy.to(server);
        HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(proxy.jdbcUrl(server.createDatabase()));
      pool.setUsername(server.user());
      pool.setPassword(server.password());
      JdbcTemplate jdbc = new JdbcTemplate(pool);
      new ResourceDatabasePopulator(
              new ClassPathResource("schema-postgresql.sql", JdbcChatMemoryRepository.class))
          .execute(pool);
      JdbcChatMemoryRepository repository =
          JdbcChatMemoryRepository.builder()
              .jdbcTemplate(jdbc)
              .dialect(new PostgresChatMemoryRepositoryDialect())
              .build();
      for (int window : new int[] {20, Integer.MAX_VALUE}) {
        String name = window == 20 ? "JDBC-window-of-20" : "JDBC-whole-history";
        ChatMemory memory =
            MessageWindowChatMemory.builder()
                .chatMemoryRepository(repository)
                .maxMessages(window)
                .build();
        for (int i = 0; i < 200; i++) {
          memory.add("warm-up " + name, new UserMessage("message"));
        }
        assertThat(RatioTest.grow(name, memory, proxy)).isPositive();
        assertThat(repository.findByConversationId(name)).hasSize(Math.min(window, 1_000));
      }
    }
  }
}
