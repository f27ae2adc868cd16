package io.conversationstore.spi;

import io.conversationstore.ConversationStoreException;

/**
 * In {@link ApplyMode#LIVE}, a change names an epoch or a generation that is not the present one.
 * Nothing was applied. Whoever made the change looks again and makes it anew; an application never
 * sees this.
 */
public final class StaleChangeException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StaleChangeException(String what) {
    super(what, null);
  }
}
