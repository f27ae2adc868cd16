package io.conversationstore.springai;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.util.Objects;

/**
 * Where a conversation of Spring AI is stored. Immutable.
 *
 * @param owner the user within a tenant
 * @param conversation its id within the owner, and the title, tags and metadata that it gets when
 *     its first message creates it; an existing conversation is not changed
 */
public record ConversationPlace(Owner owner, NewConversation conversation) {

  /**
   * Checks the place.
   *
   * @throws IllegalArgumentException if the conversation has no id
   */
  public ConversationPlace {
    Objects.requireNonNull(owner, "owner");
    if (conversation.id() == null) {
      throw new IllegalArgumentException("the conversation of a place needs an id");
    }
  }

  /**
   * The place of a conversation without a title.
   *
   * @param conversationId 1 to 255 characters
   */
  public static ConversationPlace of(Owner owner, String conversationId) {
    return new ConversationPlace(owner, NewConversation.ofId(conversationId));
  }

  /** The id of the conversation within its owner. */
  public String conversationId() {
    return Objects.requireNonNull(conversation.id(), "id");
  }
}
