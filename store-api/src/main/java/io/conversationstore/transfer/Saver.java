package io.conversationstore.transfer;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.UnknownWhileOfflineException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Saves conversations in batches while they are read. A conversation larger than a batch is saved
 * in several, each with the header as far as it was read. For one thread.
 */
final class Saver implements FileReader.Receiver {

  /** The maximum number of conversations per batch, for those without messages. */
  private static final int MOST_CONVERSATIONS = 500;

  private final ConversationStore store;
  private final Owner owner;
  private final TransferOptions options;
  private final Counts counts;

  private final Map<String, ConversationDocument> ready = new LinkedHashMap<>();
  private final List<String> toArchive = new ArrayList<>();
  private List<Entry> entries = new ArrayList<>();
  private long bytes;

  /** The stored header under the id that is being read; looked up once, before the first save. */
  private @Nullable NewConversation kept;

  private boolean asked;

  Saver(ConversationStore store, Owner owner, TransferOptions options, Counts counts) {
    this.store = store;
    this.owner = owner;
    this.options = options;
    this.counts = counts;
  }

  @Override
  public void message(
      OpenConversation conversation,
      Supplier<LenientHeaders.Header> header,
      Entry message,
      long size) {
    if (bytes > 0 && bytes + size > options.batchBytes()) {
      if (!entries.isEmpty()) {
        add(conversation.id(), header.get());
      }
      flush();
    }
    entries.add(message);
    bytes += size;
  }

  @Override
  public void end(OpenConversation conversation, LenientHeaders.Header header) {
    add(conversation.id(), header);
    if (header.status() == ConversationStatus.ARCHIVED && kept == null) {
      toArchive.add(conversation.id());
    }
    counts.conversations(1);
    kept = null;
    asked = false;
    if (bytes >= options.batchBytes() || ready.size() >= MOST_CONVERSATIONS) {
      flush();
    }
  }

  private void add(String id, LenientHeaders.Header header) {
    if (ready.containsKey(id)) {
      // A file may contain an id twice; a save must not.
      saveReady();
    }
    NewConversation existing = existing(id);
    ready.put(
        id,
        ConversationDocument.ofEntries(
            existing != null ? existing : header.conversation(), entries));
    entries = new ArrayList<>();
  }

  private @Nullable NewConversation existing(String id) {
    if (options.keepHeaders() && !asked) {
      asked = true;
      kept = stored(() -> find(id));
    }
    return kept;
  }

  private @Nullable NewConversation find(String id) {
    try {
      return store.find(owner, id).map(Saver::header).orElse(null);
    } catch (UnknownWhileOfflineException databaseAway) {
      // It may exist, but its stored header is unknown while offline.
      return null;
    }
  }

  private static NewConversation header(Conversation conversation) {
    return NewConversation.ofId(conversation.id())
        .withTitle(conversation.title())
        .withSettings(conversation.settings())
        .withMetadata(conversation.metadata())
        .withTags(conversation.tags())
        .withPinned(conversation.pinned())
        .withExpiresAt(conversation.expiresAt());
  }

  /** Saves the complete documents. */
  void flush() {
    saveReady();
    for (String id : toArchive) {
      stored(
          () ->
              store.update(
                  owner, id, ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED)));
    }
    toArchive.clear();
    bytes = 0;
    options.progress().accept(counts.report());
  }

  private void saveReady() {
    if (!ready.isEmpty()) {
      stored(
          () -> {
            store.save(owner, List.copyOf(ready.values()));
            return ready;
          });
      ready.values().forEach(document -> counts.messages(document.messages().size()));
      ready.clear();
    }
  }

  private <T extends @Nullable Object> T stored(Supplier<T> call) {
    try {
      return call.get();
    } catch (ConversationStoreException | IllegalArgumentException e) {
      throw new TransferException(
          "the store rejected a batch: " + e.getMessage(), counts.report(), e);
    }
  }
}
