package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot serve this call now; nothing was acknowledged. If two stores failed, one
 * exception is the cause and the other is suppressed.
 *
 * <p>A failed write may still have been committed if the connection was lost at the wrong moment.
 * Appending the same messages with the same ids again is safe. A message without an id gets a new
 * one at the repetition and may be stored twice: set the id before the first try ({@link
 * Message#withId}).
 */
public class StoreUnavailableException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
