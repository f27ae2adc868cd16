package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot do this now; nothing was acknowledged. Where two stores failed, one is the cause
 * and the other is among the suppressed.
 *
 * <p>A write that failed so may still have happened where the connection was lost at the wrong
 * moment. Appending the same messages with the same ids again is safe. A message that had no id
 * gets another one then and may stand there twice: set it before the first try ({@link
 * Message#withId}).
 */
public class StoreUnavailableException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
