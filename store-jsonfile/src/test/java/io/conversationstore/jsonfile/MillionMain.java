package io.conversationstore.jsonfile;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes, reads, compacts and opens a million messages, in a JVM whose heap size the caller chose.
 */
final class MillionMain {
  static final int OWNERS = 100;
  static final int CONVERSATIONS = 100;
  static final int MESSAGES = 100;

  /** Of this many messages, one is edited and the next one deleted, which creates garbage. */
  private static final int CHANGED_EVERY = 20;

  private MillionMain() {}

  private static Owner owner(int number) {
    return Owner.of("acme", "user-" + number);
  }

  /** Half have up to 62 characters, a tenth more than 398, as in real conversations. */
  private static String text(Random random) {
    int length = (int) Math.min(20_000, Math.exp(Math.log(62) + 1.45 * random.nextGaussian()));
    String words = "what was said about the tickets for the show on friday night ";
    return words.repeat(length / words.length() + 1).substring(0, Math.max(1, length));
  }

  /** Argument: the store's directory. */
  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    JsonFileOptions options =
        JsonFileOptions.in(directory)
            .withDurability(Durability.SYSTEM)
            .withCompactionBytesPerSecond(1L << 40);
    try (FileEngine engine = (FileEngine) JsonFileStore.openEngine(options)) {
      ConversationStore store = Memory.front(engine, options);
      fill(store);
      read(store, MESSAGES);
      change(store);
      engine.compact();
      read(store, MESSAGES - MESSAGES / CHANGED_EVERY);
    }
    requireReadable(options);
    Files.delete(directory.resolve(FileNames.CHECKPOINT));
    requireReadable(options);
    System.out.println("MILLION bytes=" + size(directory));
  }

  private static void fill(ConversationStore store) {
    Random random = new Random(1);
    for (int owner = 0; owner < OWNERS; owner++) {
      List<ConversationDocument> documents = new ArrayList<>();
      for (int conversation = 0; conversation < CONVERSATIONS; conversation++) {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
          messages.add(i % 2 == 0 ? Message.user(text(random)) : Message.assistant(text(random)));
        }
        NewConversation header = NewConversation.ofId("chat-" + conversation);
        documents.add(ConversationDocument.of(header, messages));
        if (documents.size() == CONVERSATIONS / 2) {
          store.save(owner(owner), documents);
          documents.clear();
        }
      }
    }
  }

  private static void change(ConversationStore store) {
    for (int owner = 0; owner < OWNERS; owner++) {
      for (int conversation = 0; conversation < CONVERSATIONS; conversation++) {
        String id = "chat-" + conversation;
        List<StoredMessage> messages = store.last(owner(owner), id, MESSAGES);
        for (int i = 0; i + 1 < messages.size(); i += CHANGED_EVERY) {
          store.edit(owner(owner), id, messages.get(i).id(), MessageEdit.text("edited"));
          store.deleteMessage(owner(owner), id, messages.get(i + 1).id());
        }
      }
    }
  }

  private static void requireReadable(JsonFileOptions options) {
    try (ConversationStore store = JsonFileStore.open(options)) {
      read(store, MESSAGES - MESSAGES / CHANGED_EVERY);
    }
  }

  /** Reads all content of every tenth owner in pages, and the counts of all owners. */
  private static void read(ConversationStore store, int messagesEach) {
    for (int owner = 0; owner < OWNERS; owner++) {
      OwnerCounts counts = store.count(owner(owner));
      require(counts.conversations() == CONVERSATIONS, "conversations");
      require(counts.messages() == (long) CONVERSATIONS * messagesEach, "messages");
      if (owner % 10 == 0) {
        long read = 0;
        MessageQuery query = MessageQuery.first(500);
        Page<StoredMessage> page = store.history(owner(owner), query);
        read += page.items().size();
        while (page.hasMore()) {
          page = store.history(owner(owner), query.withCursor(page.cursor()));
          read += page.items().size();
        }
        require(read == counts.messages(), "messages of the history");
      }
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("another number of " + what);
    }
  }

  private static long size(Path directory) throws IOException {
    long size = 0;
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }
}
