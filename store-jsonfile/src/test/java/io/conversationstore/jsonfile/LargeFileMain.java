package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.TransferReport;
import java.nio.file.Path;

/** Imports a file into a store and exports another from it, in a JVM with a small heap. */
final class LargeFileMain {

  static final Owner OWNER = Owner.of("acme", "bob");

  private LargeFileMain() {}

  /** Arguments: the store's directory, the file to read and the file to write. */
  public static void main(String[] arguments) {
    JsonFileOptions options = JsonFileOptions.in(Path.of(arguments[0])).withCacheBytes(1 << 20);
    try (ConversationStore store = JsonFileStore.open(options)) {
      TransferReport read = ConversationsFile.read(store, OWNER, Path.of(arguments[1]));
      TransferReport written = ConversationsFile.write(store, OWNER, Path.of(arguments[2]));
      if (!read.equals(written)) {
        throw new AssertionError(read + " was read, but " + written + " written");
      }
      System.out.println(read.conversations() + " " + read.messages());
    }
  }
}
