package io.conversationstore.langchain4j;

import com.zaxxer.hikari.HikariDataSource;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.store.memory.chat.ChatMemoryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Memories as LangChain4j's documentation keeps them: one JSON text for each, upserted. */
final class UpsertedMemories implements ChatMemoryStore, AutoCloseable {

  private final HikariDataSource pool = new HikariDataSource();

  UpsertedMemories(TestPostgres server) throws SQLException {
    pool.setJdbcUrl(server.jdbcUrl(server.createDatabase()));
    pool.setUsername(server.user());
    pool.setPassword(server.password());
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE memory (id text PRIMARY KEY, messages text NOT NULL)");
    }
  }

  /** A memory of this window that was read once, after so many messages were added. */
  ChatMemory filled(String id, int length, int window) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int number = Math.max(0, length - window); number < length; number++) {
      messages.add(AppendRatioIT.message(number));
    }
    updateMessages(id, messages);
    ChatMemory memory =
        MessageWindowChatMemory.builder().id(id).maxMessages(window).chatMemoryStore(this).build();
    memory.messages();
    return memory;
  }

  @Override
  public List<ChatMessage> getMessages(Object memoryId) {
    try (Connection connection = pool.getConnection();
        PreparedStatement select =
            connection.prepareStatement("SELECT messages FROM memory WHERE id = ?")) {
      select.setString(1, memoryId.toString());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? ChatMessageDeserializer.messagesFromJson(row.getString(1)) : List.of();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void updateMessages(Object memoryId, List<ChatMessage> messages) {
    try (Connection connection = pool.getConnection();
        PreparedStatement upsert =
            connection.prepareStatement(
                "INSERT INTO memory (id, messages) VALUES (?, ?)"
                    + " ON CONFLICT (id) DO UPDATE SET messages = excluded.messages")) {
      upsert.setString(1, memoryId.toString());
      upsert.setString(2, ChatMessageSerializer.messagesToJson(messages));
      upsert.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void deleteMessages(Object memoryId) {
    throw new UnsupportedOperationException("nothing deletes");
  }

  @Override
  public void close() {
    pool.close();
  }
}
