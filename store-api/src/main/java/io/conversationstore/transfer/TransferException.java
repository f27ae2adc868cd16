package io.conversationstore.transfer;

import io.conversationstore.ConversationStoreException;
import org.jspecify.annotations.Nullable;

/**
 * A transfer ended early. The text says why and where (conversation, message, field, line and
 * byte), never what stood there. What {@link #report()} counts is saved and stays; doing the
 * transfer again, when the cause is gone, completes it and doubles nothing.
 */
public final class TransferException extends ConversationStoreException {

  private static final long serialVersionUID = 1;

  private final transient @Nullable TransferReport report;

  TransferException(String message, TransferReport report, @Nullable Throwable cause) {
    super(message, cause);
    this.report = report;
  }

  /** What was through before; null in an exception that was serialized. */
  public @Nullable TransferReport report() {
    return report;
  }
}
