package io.conversationstore;

/** The directory is in use by another store; the error text names it. */
public final class StoreLockedException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreLockedException(String message) {
    super(message, null);
  }
}
