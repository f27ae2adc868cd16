package io.conversationstore.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.memory.repository.jdbc.JdbcChatMemoryRepository;
import org.springframework.ai.chat.memory.repository.jdbc.PostgresChatMemoryRepositoryDialect;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.jdbc.core.JdbcTemplate;

/** Spring AI's memory in a database, with a window that keeps the whole history. */
final class PgSpringMemory implements PgMemory {

  private static final String SCHEMA = "schema-postgresql.sql";

  private final HikariDataSource pool;
  private final JdbcChatMemoryRepository repository;
  private final MessageWindowChatMemory memory;

  PgSpringMemory(PgServer server) throws SQLException, IOException {
    String database = server.database();
    try (InputStream schema = JdbcChatMemoryRepository.class.getResourceAsStream(SCHEMA)) {
      byte[] text = Objects.requireNonNull(schema, SCHEMA).readAllBytes();
      server.text(database, new String(text, StandardCharsets.UTF_8));
    }
    this.pool = server.pool(database);
    this.repository =
        JdbcChatMemoryRepository.builder()
            .jdbcTemplate(new JdbcTemplate(pool))
            .dialect(new PostgresChatMemoryRepositoryDialect())
            .build();
    this.memory =
        MessageWindowChatMemory.builder()
            .chatMemoryRepository(repository)
            .maxMessages(Integer.MAX_VALUE)
            .build();
  }

  @Override
  public String name() {
    return "spring-ai";
  }

  @Override
  public void append(String conversation, String text) {
    memory.add(conversation, List.of(new UserMessage(text)));
  }

  @Override
  public int last20(String conversation) {
    List<Message> all = memory.get(conversation);
    return all.subList(Math.max(0, all.size() - 20), all.size()).size();
  }

  @Override
  public List<String> all(String conversation) {
    return memory.get(conversation).stream().map(Message::getText).toList();
  }

  @Override
  public void load(String conversation, List<String> texts) {
    repository.saveAll(conversation, texts.stream().<Message>map(UserMessage::new).toList());
  }

  @Override
  public void close() {
    pool.close();
  }
}
