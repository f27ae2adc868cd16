package io.conversationstore.spi;

/** The database holds no store, although one is expected; no new one is created. */
public final class StoreAbsentException extends EngineFailureException {

  private static final long serialVersionUID = 1;

  /**
   * @param message without bound values, message content and secrets
   */
  public StoreAbsentException(String message) {
    super(FailureKind.MISCONFIGURED, false, message, null);
  }
}
