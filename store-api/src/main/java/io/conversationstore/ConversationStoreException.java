package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * The base class of a store's exceptions, except {@link IllegalArgumentException} for bad input.
 * The error text names ids, never message content or secrets.
 */
public abstract class ConversationStoreException extends RuntimeException {

  private static final long serialVersionUID = 1;

  protected ConversationStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
