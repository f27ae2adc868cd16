package io.conversationstore.examples.chat;

import io.conversationstore.ConversationStore;
import io.conversationstore.examples.chat.answers.ChatModel;
import io.conversationstore.examples.chat.answers.DemoModel;
import io.conversationstore.examples.chat.answers.OpenAiModel;
import io.conversationstore.hybrid.ConversationStores;
import java.util.Map;

/** The program: a store and a server from the environment, until it is asked to end. */
public final class Program {

  private Program() {}

  /** Starts. SIGTERM ends it: growing answers are ended and stored, then the store closes. */
  public static void main(String[] arguments) {
    Map<String, String> variables = System.getenv();
    ChatOptions options = ChatOptions.from(variables);
    ConversationStore store = ConversationStores.fromEnvironment();
    ChatModel model = model(variables, options);
    ChatServer server = ChatServer.start(store, model, options);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  server.close();
                  store.close();
                },
                "shutdown"));
    System.out.println(
        "listening on http://" + options.host() + ":" + server.port() + " model " + model.name());
  }

  private static ChatModel model(Map<String, String> variables, ChatOptions options) {
    String endpoint = variables.getOrDefault("OPENAI_BASE_URL", "");
    return endpoint.isEmpty()
        ? new DemoModel(options.wordsPerSecond())
        : new OpenAiModel(
            endpoint,
            variables.getOrDefault("OPENAI_API_KEY", "none"),
            variables.getOrDefault("OPENAI_MODEL", "gpt-4o-mini"));
  }
}
