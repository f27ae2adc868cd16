package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreLockedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Another process that holds a directory until it is killed or its input ends. With a second
 * argument it does not wait for the directory and reports whether it is in use.
 */
public final class LockHolder {
  private LockHolder() {}

  public static void main(String[] arguments) throws IOException {
    JsonFileOptions options = JsonFileOptions.in(Path.of(arguments[0]));
    ConversationStore store;
    try {
      store =
          JsonFileStore.open(arguments.length > 1 ? options.withLockWait(Duration.ZERO) : options);
    } catch (StoreLockedException e) {
      System.out.println("locked");
      return;
    }
    store.createIfAbsent(Owner.of("acme", "alice"), NewConversation.ofId("from-the-other"));
    System.out.println("open");
    if (System.in.read() < 0) {
      store.close();
    }
  }
}
