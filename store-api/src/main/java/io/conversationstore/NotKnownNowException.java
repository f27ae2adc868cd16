package io.conversationstore;

/**
 * The database is away and the local copy cannot tell whether there is such a conversation. This is
 * not "not there": asking again when the database is back gives the answer.
 */
public final class NotKnownNowException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  public NotKnownNowException(Owner owner, String conversationId) {
    super(
        "conversation "
            + conversationId
            + " of "
            + owner
            + " is not known here while the database is away",
        null);
  }
}
