package io.conversationstore;

/** There is no such conversation, and the store knows this for certain. */
public final class ConversationNotFoundException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public ConversationNotFoundException(Owner owner, String conversationId) {
    super("conversation " + conversationId + " of " + owner + " does not exist", null);
  }
}
