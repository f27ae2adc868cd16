package io.conversationstore;

/** A conversation with this id exists already. */
public final class ConversationExistsException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public ConversationExistsException(Owner owner, String conversationId) {
    super("conversation " + conversationId + " of " + owner + " already exists", null);
  }
}
