package io.conversationstore.examples.chat;

import io.conversationstore.ConversationStore;
import io.conversationstore.examples.chat.answers.ChatModel;
import io.conversationstore.examples.chat.answers.DemoModel;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.hybrid.ConversationStores;
import io.conversationstore.testkit.TestPostgres;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A server over a hybrid store, as the program starts it. */
final class TestServer implements AutoCloseable {

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final ConversationStore store;
  private final ChatServer server;

  private TestServer(ConversationStore store, ChatServer server) {
    this.store = store;
    this.server = server;
  }

  static TestServer start(TestPostgres postgres, String database, Path directory, ChatModel model) {
    String url =
        "postgresql://%s:%s@%s:%d/%s"
            .formatted(
                postgres.user(),
                URLEncoder.encode(postgres.password(), StandardCharsets.UTF_8),
                postgres.host(),
                postgres.port(),
                database);
    return start(Map.of("DATABASE_URL", url, "DATA_PATH", directory.toString()), model);
  }

  static TestServer inFiles(Path directory) {
    return start(Map.of("DATA_PATH", directory.toString()), new DemoModel(0));
  }

  private static TestServer start(Map<String, String> variables, ChatModel model) {
    ConversationStore store = ConversationStores.from(variables);
    Map<String, String> chat = new HashMap<>();
    chat.put("CHAT_PORT", "0");
    chat.put("CHAT_POLL_MS", "50");
    chat.put("CHAT_SAVE_MS", "20");
    chat.put("CHAT_MAX_BODY_BYTES", "65536");
    return new TestServer(store, ChatServer.start(store, model, ChatOptions.from(chat)));
  }

  ChatServer server() {
    return server;
  }

  ConversationStore store() {
    return store;
  }

  int port() {
    return server.port();
  }

  ChatClient user(String user) {
    return new ChatClient(HTTP, port(), "X-User", user);
  }

  ChatClient nobody() {
    return new ChatClient(HTTP, port());
  }

  @Override
  public void close() {
    server.close();
    store.close();
  }
}
