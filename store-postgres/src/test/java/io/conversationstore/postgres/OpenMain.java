package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;

/** Opens a store in a process of its own: JDBC URL, user, and the password in the environment. */
final class OpenMain {

  static final String PASSWORD = "OPEN_MAIN_PASSWORD";

  private OpenMain() {}

  public static void main(String[] arguments) {
    PostgresOptions options =
        PostgresOptions.url(arguments[0])
            .withLogin(arguments[1], String.valueOf(System.getenv(PASSWORD)));
    try (ConversationStore store = PostgresStore.open(options)) {
      store.create(Owner.of("t", "u"), NewConversation.ofId("c"));
    }
  }
}
