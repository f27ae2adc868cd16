package io.conversationstore.spi;

import io.conversationstore.ConversationStoreException;

/** One of several changes was rejected and none was applied; to find it, apply each one alone. */
public final class BatchRefusedException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  public BatchRefusedException(RuntimeException refused) {
    super("a change of the batch was rejected", refused);
  }

  /**
   * @param reason without message content
   */
  public BatchRefusedException(String reason) {
    super("a change of the batch was rejected: " + reason, null);
  }
}
