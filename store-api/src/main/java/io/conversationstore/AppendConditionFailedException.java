package io.conversationstore;

/**
 * The last message is not the one that the {@link AppendCondition} requires; nothing was appended.
 */
public final class AppendConditionFailedException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public AppendConditionFailedException(Owner owner, String conversationId) {
    super(
        "the last message of conversation "
            + conversationId
            + " of "
            + owner
            + " is not the expected one",
        null);
  }
}
