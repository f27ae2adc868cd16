package io.conversationstore;

import org.jspecify.annotations.Nullable;

/** Stored data is damaged; the error text says where. Nothing was changed. */
public final class StoreDamagedException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StoreDamagedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
