package io.conversationstore.langchain4j;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.util.Objects;

/**
 * A conversation of an owner. A memory id of LangChain4j is any object; a function of the
 * application turns it into one of these.
 *
 * @param owner whose conversation it is
 * @param conversationId 1 to 255 characters, unique within the owner
 */
public record ConversationKey(Owner owner, String conversationId) {

  public ConversationKey {
    Objects.requireNonNull(owner, "owner");
    NewConversation.ofId(conversationId);
  }

  /**
   * The conversation {@code conversationId} of {@code owner}.
   *
   * @throws IllegalArgumentException if the id is blank, or does not have 1 to 255 characters
   */
  public static ConversationKey of(Owner owner, String conversationId) {
    return new ConversationKey(owner, conversationId);
  }
}
