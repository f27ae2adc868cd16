package io.conversationstore.benchmarks;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Any {@link ConversationStore} at work, and the kind that keeps JSON files. */
final class JsonFileSubject implements Subject {

  static final Kind KIND =
      new Kind() {
        @Override
        public String name() {
          return "jsonfile";
        }

        @Override
        public Subject open(Path directory, Setup setup) {
          return new JsonFileSubject(JsonFileStore.open(options(directory, setup)), directory);
        }
      };

  /** Messages of one save. */
  private static final int BULK = 5_000;

  private static final Owner[] OWNER = new Owner[OWNERS];

  static {
    for (int i = 0; i < OWNERS; i++) {
      OWNER[i] = Owner.of("bench", "user-" + i);
    }
  }

  private final ConversationStore store;
  private final LogBatches batches;

  JsonFileSubject(ConversationStore store, Path directory) {
    this.store = store;
    this.batches = new LogBatches(directory);
  }

  static JsonFileOptions options(Path directory, Setup setup) {
    JsonFileOptions options =
        JsonFileOptions.in(directory)
            .withDurability(setup.durable() ? Durability.EACH_WRITE : Durability.SYSTEM);
    return setup.cached() ? options : options.withCacheBytes(0);
  }

  static Owner owner(int conversation) {
    return OWNER[conversation % OWNERS];
  }

  static String id(int conversation) {
    return "conversation-" + conversation;
  }

  /** The store itself, for lines that measure what only this kind has. */
  ConversationStore store() {
    return store;
  }

  @Override
  public void append(int conversation, String text) {
    store.append(owner(conversation), id(conversation), Message.user(text));
  }

  @Override
  public double batch() throws IOException {
    return batches.sinceLast();
  }

  @Override
  public int last20(int conversation) {
    int characters = 0;
    for (StoredMessage message : store.last(owner(conversation), id(conversation), 20)) {
      characters += message.text().length();
    }
    return characters;
  }

  @Override
  public int list(int owner) {
    return store.list(OWNER[owner], ConversationQuery.all()).size();
  }

  /** A save is of one owner, so a bulk takes every {@value #OWNERS}th conversation. */
  @Override
  public void load(int first, int conversations, int messagesEach, Texts texts) {
    for (int owner = 0; owner < Math.min(OWNERS, conversations); owner++) {
      List<ConversationDocument> bulk = new ArrayList<>();
      int messages = 0;
      for (int i = owner; i < conversations; i += OWNERS) {
        int conversation = first + i;
        List<Message> content = new ArrayList<>(messagesEach);
        for (int j = 0; j < messagesEach; j++) {
          String text = texts.text((long) conversation * messagesEach + j);
          content.add(j % 2 == 0 ? Message.user(text) : Message.assistant(text));
        }
        bulk.add(
            ConversationDocument.of(
                NewConversation.ofId(id(conversation)).withTitle("Conversation " + conversation),
                content));
        messages += messagesEach;
        if (messages >= BULK || bulk.size() >= BULK) {
          store.save(owner(first + owner), bulk);
          bulk.clear();
          messages = 0;
        }
      }
      store.save(owner(first + owner), bulk);
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
