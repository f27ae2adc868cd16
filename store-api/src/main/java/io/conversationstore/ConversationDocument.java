package io.conversationstore;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole conversation to save in one call.
 *
 * @param conversation its header; an id is required
 * @param messages in order
 */
public record ConversationDocument(NewConversation conversation, List<Entry> messages) {

  /**
   * A message of a document.
   *
   * @param createdAt the original time of an imported message, or null for the time of the save
   */
  public record Entry(Message message, @Nullable Instant createdAt) {
    public Entry {
      createdAt = createdAt == null ? null : Canonical.time("createdAt", createdAt);
    }
  }

  public ConversationDocument {
    if (conversation.id() == null) {
      throw new IllegalArgumentException("a conversation document needs a conversation id");
    }
    messages = List.copyOf(messages);
  }

  /** A document whose messages get the time of the save. */
  public static ConversationDocument of(NewConversation conversation, List<Message> messages) {
    return new ConversationDocument(
        conversation, messages.stream().map(message -> new Entry(message, null)).toList());
  }

  /** The id, which is never null here. */
  public String id() {
    String id = conversation.id();
    if (id == null) {
      throw new IllegalStateException("the conversation id is missing");
    }
    return id;
  }

  @Override
  public String toString() {
    return "ConversationDocument[" + id() + ", " + messages.size() + " messages]";
  }
}
