package io.conversationstore.spi;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The facts that a node learns when it reaches the database.
 *
 * @param storeId the id of the store; a copy of the database has the same id
 * @param history the database's history; a new one begins once a step back in time is detected
 * @param counterBefore the node's counter stored in the database, 0 for a new node
 * @param counter the node's counter now, one higher
 * @param databaseTime the database's clock
 * @param database the location of the store, or null if unknown
 * @param copiedFrom the name of the original if this database is a copy under another name and
 *     nobody has decided yet whether it is a separate store; then the contact did not count and the
 *     database must not be used. Else null
 */
public record Handshake(
    UUID storeId,
    UUID history,
    long counterBefore,
    long counter,
    Instant databaseTime,
    @Nullable DatabaseIdentity database,
    @Nullable String copiedFrom) {

  /** A contact with a database of unknown location. */
  public Handshake(
      UUID storeId, UUID history, long counterBefore, long counter, Instant databaseTime) {
    this(storeId, history, counterBefore, counter, databaseTime, null, null);
  }

  /**
   * The store's location, combined from this contact and an earlier one: the role of one of them
   * may not have had the rights to see all of it.
   */
  public @Nullable DatabaseIdentity databaseAfter(@Nullable DatabaseIdentity earlier) {
    if (database == null || earlier == null || database.isOther(earlier)) {
      return database == null ? earlier : database;
    }
    return new DatabaseIdentity(
        database.systemIdentifier() == null
            ? earlier.systemIdentifier()
            : database.systemIdentifier(),
        database.database(),
        database.name(),
        database.timeline() == null ? earlier.timeline() : database.timeline());
  }

  /** The same contact in another history. */
  public Handshake in(UUID otherHistory) {
    return new Handshake(
        storeId, otherHistory, counterBefore, counter, databaseTime, database, copiedFrom);
  }
}
