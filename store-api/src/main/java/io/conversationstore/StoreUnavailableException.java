package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot do this now; nothing was acknowledged. Where two stores failed, one is the cause
 * and the other is among the suppressed.
 *
 * <p>A write that failed so may still have happened where the connection was lost at the wrong
 * moment; appending the same messages with the same ids again is safe.
 */
public class StoreUnavailableException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
