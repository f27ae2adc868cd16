package io.conversationstore.transfer;

import io.conversationstore.ConversationStoreException;
import org.jspecify.annotations.Nullable;

/**
 * A transfer ended early. The error text gives the reason and the place (conversation, message,
 * field, line and byte), never content. Data counted in {@link #report()} is saved and stays. Once
 * the cause is fixed, repeating the transfer completes it and stores nothing twice.
 */
public final class TransferException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  private final transient @Nullable TransferReport report;

  TransferException(String message, TransferReport report, @Nullable Throwable cause) {
    super(message, cause);
    this.report = report;
  }

  /** Counts up to the failure; null in an exception that was serialized. */
  public @Nullable TransferReport report() {
    return report;
  }
}
