package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.io.IOException;
import java.nio.file.Path;

/** Another process that uses a directory until it is killed. */
final class LockHolder {
  private LockHolder() {}

  public static void main(String[] arguments) throws IOException {
    ConversationStore store = JsonFileStore.open(Path.of(arguments[0]));
    store.createIfAbsent(Owner.of("acme", "alice"), NewConversation.withId("from-the-other"));
    System.out.println("open");
    if (System.in.read() < 0) {
      store.close();
    }
  }
}
