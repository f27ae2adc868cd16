package io.conversationstore.cli;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.cli.format.ConversationWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads conversations of a store into a writer, the least recently used first. Holds the ids of an
 * owner's conversations and a page of messages. For one thread.
 */
final class Exporter {

  /** A larger page makes the next one smaller; one below a quarter of it makes it larger. */
  private static final long PAGE_BYTES = 1 << 20;

  private static final int FIRST_PAGE = 64;
  private static final int MOST_PAGE = 500;

  private final ConversationStore store;
  private final ConversationWriter writer;
  private final Interruption interruption;
  private final ProgressLine progress;
  private int pageSize = FIRST_PAGE;
  private long conversations;
  private long messages;

  Exporter(
      ConversationStore store,
      ConversationWriter writer,
      Interruption interruption,
      ProgressLine progress) {
    this.store = store;
    this.writer = writer;
    this.interruption = interruption;
    this.progress = progress;
  }

  long conversations() {
    return conversations;
  }

  long messages() {
    return messages;
  }

  /** Writes all conversations and the preferences of an owner. */
  void owner(Owner owner) throws IOException {
    List<String> ids = ids(owner);
    for (int i = ids.size() - 1; i >= 0; i--) {
      conversation(owner, ids.get(i));
      progress.show(ids.size() - i, ids.size(), "messages", messages);
    }
    writer.preferences(owner, store.preferences(owner));
  }

  /**
   * Writes one conversation.
   *
   * @return false if there is none
   */
  boolean conversation(Owner owner, String id) throws IOException {
    interruption.check();
    Optional<Conversation> found = store.find(owner, id);
    if (found.isEmpty()) {
      return false;
    }
    writer.conversation(found.get());
    Cursor after = null;
    boolean more = true;
    while (more) {
      Page<StoredMessage> page;
      try {
        page = store.messages(owner, id, MessageQuery.first(pageSize).withCursor(after));
      } catch (ConversationNotFoundException deletedMeanwhile) {
        break;
      }
      long bytes = 0;
      for (StoredMessage message : page) {
        writer.message(message);
        messages++;
        bytes += size(message);
      }
      resize(bytes);
      after = page.cursor();
      more = page.hasMore();
      interruption.check();
    }
    writer.endConversation();
    conversations++;
    return true;
  }

  private void resize(long bytes) {
    if (bytes > PAGE_BYTES) {
      pageSize = (int) Math.max(1, pageSize * PAGE_BYTES / bytes);
    } else if (bytes < PAGE_BYTES / 4) {
      pageSize = Math.min(MOST_PAGE, pageSize * 2);
    }
  }

  private static long size(StoredMessage message) {
    long size = 200;
    for (ContentPart part : message.message().content()) {
      if (part instanceof ContentPart.Media media) {
        byte[] data = media.data();
        size += data == null ? 0 : data.length;
      }
    }
    return size
        + message.text().length()
        + message.toolCalls().stream().mapToLong(call -> call.arguments().length()).sum();
  }

  /**
   * The ids, the most recently used first. A use moves a conversation to the front, past a reader
   * that has left it, so the front is read again until it holds nothing new.
   */
  private List<String> ids(Owner owner) {
    Set<String> ids = new LinkedHashSet<>();
    boolean grew = true;
    for (int round = 0; grew; round++) {
      grew = false;
      ConversationQuery query = ConversationQuery.all().withLimit(Page.MAX_LIMIT);
      boolean more = true;
      while (more) {
        interruption.check();
        Page<Conversation> page = store.list(owner, query);
        boolean anew = false;
        for (Conversation conversation : page) {
          anew |= ids.add(conversation.id());
        }
        grew |= anew;
        query = query.withCursor(page.cursor());
        more = page.hasMore() && (round == 0 || anew);
      }
    }
    return new ArrayList<>(ids);
  }
}
