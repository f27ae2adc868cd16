package io.conversationstore;

/**
 * The conversation is larger than {@link StoreLimits#maxBulkBytes()} and cannot be read at once.
 * Read it in pages with {@link ConversationStore#messages}.
 */
public final class ConversationTooLargeException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public ConversationTooLargeException(Owner owner, String conversationId, long limit) {
    super(
        "conversation "
            + conversationId
            + " of "
            + owner
            + " is larger than maxBulkBytes, "
            + limit
            + " bytes; read it in pages",
        null);
  }
}
