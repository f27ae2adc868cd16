package io.conversationstore.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.store.memory.chat.ChatMemoryStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** LangChain4j's memory over a store as its documentation shows one: one JSON text, upserted. */
final class PgLangChainMemory implements PgMemory {

  private final HikariDataSource pool;
  private final Rows rows = new Rows();

  PgLangChainMemory(PgServer server) throws SQLException {
    String database = server.database();
    server.text(database, "CREATE TABLE memory (id text PRIMARY KEY, messages text NOT NULL)");
    this.pool = server.pool(database);
  }

  /** One row for each conversation. */
  private final class Rows implements ChatMemoryStore {

    @Override
    public List<ChatMessage> getMessages(Object memoryId) {
      try (Connection connection = pool.getConnection();
          PreparedStatement select =
              connection.prepareStatement("SELECT messages FROM memory WHERE id = ?")) {
        select.setString(1, memoryId.toString());
        try (ResultSet row = select.executeQuery()) {
          return row.next()
              ? ChatMessageDeserializer.messagesFromJson(row.getString(1))
              : List.of();
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
      throw new UnsupportedOperationException("no line deletes");
    }
  }

  @Override
  public String name() {
    return "langchain4j";
  }

  private MessageWindowChatMemory memory(String conversation) {
    return MessageWindowChatMemory.builder()
        .id(conversation)
        .maxMessages(Integer.MAX_VALUE)
        .chatMemoryStore(rows)
        .build();
  }

  @Override
  public void append(String conversation, String text) {
    memory(conversation).add(UserMessage.from(text));
  }

  @Override
  public int last20(String conversation) {
    List<ChatMessage> all = memory(conversation).messages();
    return all.subList(Math.max(0, all.size() - 20), all.size()).size();
  }

  @Override
  public List<String> all(String conversation) {
    return memory(conversation).messages().stream()
        .map(message -> ((UserMessage) message).singleText())
        .toList();
  }

  @Override
  public void load(String conversation, List<String> texts) {
    rows.updateMessages(conversation, texts.stream().<ChatMessage>map(UserMessage::from).toList());
  }

  @Override
  public void close() {
    pool.close();
  }
}
