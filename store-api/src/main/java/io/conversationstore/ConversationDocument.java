package io.conversationstore;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A whole conversation to save in one call. Immutable; the {@code with…} methods return a changed
 * copy.
 */
public final class ConversationDocument {

  /** A message of a document. Immutable. */
  public static final class Entry {
    private final Message message;
    private final @Nullable Instant createdAt;

    private Entry(Message message, @Nullable Instant createdAt) {
      this.message = message;
      this.createdAt = createdAt;
    }

    /** A message that gets the time of the save. */
    public static Entry of(Message message) {
      return new Entry(Objects.requireNonNull(message, "message"), null);
    }

    /** The message. */
    public Message message() {
      return message;
    }

    /** The original time of an imported message, or null for the time of the save. */
    public @Nullable Instant createdAt() {
      return createdAt;
    }

    public Entry withMessage(Message value) {
      return new Entry(Objects.requireNonNull(value, "message"), createdAt);
    }

    /** Sets the original time of an imported message; null for the time of the save. */
    public Entry withCreatedAt(@Nullable Instant value) {
      return new Entry(message, value == null ? null : Canonical.time("createdAt", value));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Entry that
          && message.equals(that.message)
          && Objects.equals(createdAt, that.createdAt);
    }

    @Override
    public int hashCode() {
      return Objects.hash(message, createdAt);
    }

    /** Names the message without its content. */
    @Override
    public String toString() {
      return "Entry[" + message + (createdAt == null ? "" : " at " + createdAt) + "]";
    }
  }

  private final NewConversation conversation;
  private final String id;
  private final List<Entry> messages;

  private ConversationDocument(NewConversation conversation, List<Entry> messages) {
    String given = conversation.id();
    if (given == null) {
      throw new IllegalArgumentException("a conversation document needs a conversation id");
    }
    this.conversation = conversation;
    this.id = given;
    this.messages = messages;
  }

  /**
   * A document of messages with their times.
   *
   * @param conversation its header; an id is required
   * @param messages in order
   * @throws IllegalArgumentException if the header has no id
   */
  public static ConversationDocument ofEntries(NewConversation conversation, List<Entry> messages) {
    return new ConversationDocument(conversation, List.copyOf(messages));
  }

  /**
   * A document whose messages get the time of the save.
   *
   * @param conversation its header; an id is required
   * @param messages in order
   * @throws IllegalArgumentException if the header has no id
   */
  public static ConversationDocument of(NewConversation conversation, List<Message> messages) {
    return new ConversationDocument(conversation, messages.stream().map(Entry::of).toList());
  }

  /** The header, which has an id. */
  public NewConversation conversation() {
    return conversation;
  }

  /** The messages in order. */
  public List<Entry> messages() {
    return messages;
  }

  /** The conversation's id. */
  public String id() {
    return id;
  }

  /**
   * Sets the header.
   *
   * @throws IllegalArgumentException if the header has no id
   */
  public ConversationDocument withConversation(NewConversation value) {
    return new ConversationDocument(value, messages);
  }

  /** Sets the messages, in order. */
  public ConversationDocument withMessages(List<Entry> value) {
    return new ConversationDocument(conversation, List.copyOf(value));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConversationDocument that
        && conversation.equals(that.conversation)
        && messages.equals(that.messages);
  }

  @Override
  public int hashCode() {
    return Objects.hash(conversation, messages);
  }

  @Override
  public String toString() {
    return "ConversationDocument[" + id + ", " + messages.size() + " messages]";
  }
}
