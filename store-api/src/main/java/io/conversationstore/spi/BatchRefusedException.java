package io.conversationstore.spi;

import io.conversationstore.ConversationStoreException;

/** One of several changes was refused, and none was applied; applied alone, each says its own. */
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
