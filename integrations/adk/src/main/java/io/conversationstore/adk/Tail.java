package io.conversationstore.adk;

import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The end of a conversation, read backward page by page. For one thread. */
final class Tail {

  private final ConversationStore store;
  private final Owner owner;
  private final String conversationId;
  private List<StoredMessage> messages = new ArrayList<>();
  private boolean complete;
  private boolean fromDatabase = true;
  private MessageQuery next;

  /** Nothing is read yet; the first page has this many messages, 1 to 1,000. */
  Tail(ConversationStore store, Owner owner, String conversationId, int firstPage) {
    this.store = store;
    this.owner = owner;
    this.conversationId = conversationId;
    this.next = MessageQuery.of(Direction.BACKWARD, firstPage);
  }

  /** Reads one page further back. */
  void extend() {
    Page<StoredMessage> page = store.messages(owner, conversationId, next);
    List<StoredMessage> all = new ArrayList<>(page.items());
    all.addAll(messages);
    messages = all;
    fromDatabase &= page.provenance().complete();
    complete = !page.hasMore();
    next = MessageQuery.of(Direction.BACKWARD, Page.MAX_LIMIT).withCursor(page.cursor());
  }

  /** What is read, oldest first. */
  List<StoredMessage> messages() {
    return messages;
  }

  /** Whether all there is is read. */
  boolean isComplete() {
    return complete;
  }

  /** Whether no part of the answers may lack messages. */
  boolean isSure() {
    return fromDatabase;
  }

  /** The place of a message in {@link #messages}, or -1. */
  int indexOf(UUID id) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).id().equals(id)) {
        return i;
      }
    }
    return -1;
  }
}
