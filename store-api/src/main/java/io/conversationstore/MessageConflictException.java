package io.conversationstore;

import java.util.UUID;

/** A message with this id is stored with other content; nothing was appended. */
public final class MessageConflictException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public MessageConflictException(Owner owner, String conversationId, UUID messageId) {
    super(
        "message "
            + messageId
            + " in conversation "
            + conversationId
            + " of "
            + owner
            + " already exists with different content",
        null);
  }
}
