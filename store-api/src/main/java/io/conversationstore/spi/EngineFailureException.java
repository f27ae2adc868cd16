package io.conversationstore.spi;

import io.conversationstore.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/** An engine could not carry out a valid request. */
public class EngineFailureException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  private final FailureKind kind;
  private final boolean outcomeUnknown;

  /**
   * @param outcomeUnknown whether a write may have happened nevertheless
   * @param message without bound values, message content and secrets
   */
  public EngineFailureException(
      FailureKind kind, boolean outcomeUnknown, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.outcomeUnknown = outcomeUnknown;
  }

  public FailureKind kind() {
    return kind;
  }

  public boolean isOutcomeUnknown() {
    return outcomeUnknown;
  }
}
