package io.conversationstore;

import java.util.UUID;

/**
 * The database is away, and the local copy does not know whether the conversation or the message
 * exists. This is not "not found": repeat the call when the database is back.
 */
public final class UnknownWhileOfflineException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  public UnknownWhileOfflineException(Owner owner, String conversationId) {
    this("conversation " + conversationId + " of " + owner);
  }

  public UnknownWhileOfflineException(Owner owner, String conversationId, UUID messageId) {
    this("message " + messageId + " in conversation " + conversationId + " of " + owner);
  }

  private UnknownWhileOfflineException(String what) {
    super(
        what
            + " is not in the local files, or not all of it, and the database is unavailable; try"
            + " again when the database is back",
        null);
  }
}
