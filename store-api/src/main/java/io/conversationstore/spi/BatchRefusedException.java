package io.conversationstore.spi;

import io.conversationstore.ConversationStoreException;

/** One of several changes was rejected and none was applied; to find it, apply each one alone. */
public final class BatchRefusedException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public BatchRefusedException(RuntimeException refused) {
    super("a change of a batch was refused", refused);
  }

  /**
   * @param reason without message content
   */
  public BatchRefusedException(String reason) {
    super("a change of a batch was refused: " + reason, null);
  }
}
