package io.conversationstore.spi;

import org.jspecify.annotations.Nullable;

/**
 * Which server and which of its databases a store is in. A store id is copied with the rows; this
 * is not. What is not known is null, and equals nothing.
 *
 * @param systemIdentifier of the cluster; physical replicas share it
 * @param database the database within the cluster, whatever its name
 * @param name the database's name
 * @param timeline of the cluster; each promotion begins a higher one
 */
public record DatabaseIdentity(
    @Nullable Long systemIdentifier, long database, String name, @Nullable Integer timeline) {

  /** Whether the two are certainly not one database: a copy of the rows lies between them. */
  public boolean isOther(DatabaseIdentity that) {
    return database != that.database
        || (systemIdentifier != null
            && that.systemIdentifier != null
            && !systemIdentifier.equals(that.systemIdentifier));
  }

  /** Whether this one is of the same cluster and certainly from before a promotion. */
  public boolean isSupersededBy(DatabaseIdentity that) {
    return systemIdentifier != null
        && systemIdentifier.equals(that.systemIdentifier)
        && timeline != null
        && that.timeline != null
        && timeline < that.timeline;
  }
}
