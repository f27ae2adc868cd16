package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.memory.repository.jdbc.JdbcChatMemoryRepository;
import org.springframework.ai.chat.memory.repository.jdbc.PostgresChatMemoryRepositoryDialect;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * The lines of {@link RatioTest}, and beside them those of Spring AI's own memory in a database,
 * with its usual window and with the whole history.
 */
class RatioIT {

  @Test
  void thisStore() {
    new RatioTest().theThousandthMessageCostsWhatTheTenthDoes();
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
