package io.conversationstore.spi;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a node learns when it reaches the database.
 *
 * @param storeId which store this is; a copy of the database has the same
 * @param history a new one begins when the database is found to have gone back in time
 * @param counterBefore the node's counter as the database remembered it, 0 for a new node
 * @param counter the node's counter now, one higher
 * @param databaseTime the database's clock
 * @param database where the store is, or null if that is not known
 * @param copiedFrom the name of the database that this one is a copy of, under another name, and
 *     nobody has said yet whether it is a store of its own; then the contact did not count and the
 *     database must not be used. Else null
 */
public record Contact(
    UUID storeId,
    UUID history,
    long counterBefore,
    long counter,
    Instant databaseTime,
    @Nullable DatabaseIdentity database,
    @Nullable String copiedFrom) {

  /** Of a database that does not say where it is. */
  public Contact(
      UUID storeId, UUID history, long counterBefore, long counter, Instant databaseTime) {
    this(storeId, history, counterBefore, counter, databaseTime, null, null);
  }

  /**
   * Where the store is, as far as this contact and an earlier one say: one of the two may have been
   * made by a role that may not see all of it.
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

  /** The same in another history. */
  public Contact in(UUID otherHistory) {
    return new Contact(
        storeId, otherHistory, counterBefore, counter, databaseTime, database, copiedFrom);
  }
}
