package io.conversationstore.cli.format;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A conversation of a file without its messages. Immutable.
 *
 * @param conversation its fields; the id is never null
 * @param archived whether it is archived
 * @param createdAt null if the file does not say
 * @param updatedAt the last use; null if the file does not say
 * @param owner null if the file does not say
 */
public record ConversationHeader(
    NewConversation conversation,
    boolean archived,
    @Nullable Instant createdAt,
    @Nullable Instant updatedAt,
    @Nullable Owner owner) {

  public ConversationHeader {
    if (conversation.id() == null) {
      throw new IllegalArgumentException("a conversation needs an id");
    }
  }

  /** The conversation's id. */
  public String id() {
    String id = conversation.id();
    if (id == null) {
      throw new IllegalStateException("the conversation id is missing");
    }
    return id;
  }
}
