package io.conversationstore;

/**
 * A setting is missing, malformed or contradicts another; the error text names it, never a secret.
 */
public final class StoreConfigurationException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreConfigurationException(String message) {
    super(message, null);
  }
}
