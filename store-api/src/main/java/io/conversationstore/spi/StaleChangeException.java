package io.conversationstore.spi;

import io.conversationstore.ConversationStoreException;

/**
 * In {@link ApplyMode#LIVE}, a change names an epoch or a generation that is not the present one.
 * Nothing was applied. The maker of the change reads the state again and makes a new change;
 * applications never see this exception.
 */
public final class StaleChangeException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public StaleChangeException(String what) {
    super(what, null);
  }
}
