package io.conversationstore.spi;

import org.jspecify.annotations.Nullable;

/**
 * The server and database of a store. Unlike the store id, it is not copied with the rows. Unknown
 * values are null and equal nothing.
 *
 * @param systemIdentifier identifier of the cluster; physical replicas share it
 * @param database the database's number within the cluster, independent of its name
 * @param name the database's name
 * @param timeline timeline of the cluster; each promotion begins a higher one
 */
public record DatabaseIdentity(
    @Nullable Long systemIdentifier, long database, String name, @Nullable Integer timeline) {

  /** Whether the two are certainly different databases, with a copy of the rows between them. */
  public boolean isOther(DatabaseIdentity that) {
    return database != that.database
        || (systemIdentifier != null
            && that.systemIdentifier != null
            && !systemIdentifier.equals(that.systemIdentifier));
  }

  /** Whether this one belongs to the same cluster and certainly predates a promotion. */
  public boolean isSupersededBy(DatabaseIdentity that) {
    return systemIdentifier != null
        && systemIdentifier.equals(that.systemIdentifier)
        && timeline != null
        && that.timeline != null
        && timeline < that.timeline;
  }
}
