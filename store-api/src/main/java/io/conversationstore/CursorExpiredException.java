package io.conversationstore;

/**
 * The cursor belongs to a conversation deleted since, or to a history of the database that ended
 * with a restore; start again from the first page.
 */
public final class CursorExpiredException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public CursorExpiredException(String reason) {
    super("the cursor has expired: " + reason + "; start again without a cursor", null);
  }
}
