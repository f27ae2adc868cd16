package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * The root of what a store throws beside {@link IllegalArgumentException} for bad input. The text
 * names ids, never message content or secrets.
 */
public abstract class ConversationStoreException extends RuntimeException {

  private static final long serialVersionUID = 1;

  protected ConversationStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
