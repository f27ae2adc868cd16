package io.conversationstore;

import java.util.UUID;

/** The conversation has no such message, or it was deleted. */
public final class MessageNotFoundException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public MessageNotFoundException(Owner owner, String conversationId, UUID messageId) {
    super(
        "message "
            + messageId
            + " in conversation "
            + conversationId
            + " of "
            + owner
            + " does not exist",
        null);
  }
}
