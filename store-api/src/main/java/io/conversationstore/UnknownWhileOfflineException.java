package io.conversationstore;

/**
 * The database is away, and the local copy does not know whether the conversation exists. This is
 * not "not found": repeat the call when the database is back.
 */
public final class UnknownWhileOfflineException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  public UnknownWhileOfflineException(Owner owner, String conversationId) {
    super(
        "conversation "
            + conversationId
            + " of "
            + owner
            + " is not in the local files, and the database is unavailable; try again when the"
            + " database is back",
        null);
  }
}
