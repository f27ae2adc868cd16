package io.conversationstore;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Operations over all owners. If a database is configured they run in it, and throw {@link
 * StoreUnavailableException} while it is away. An age that is negative or longer than {@link
 * #LONGEST_AGE} is an {@link IllegalArgumentException}. Safe for use by many threads.
 */
public interface StoreOperator {

  /** The default age at which messages are deleted: 7 days. */
  Duration DEFAULT_RETENTION = Duration.ofDays(7);

  /** The default age at which deleted data is purged: 30 days. */
  Duration DEFAULT_PURGE_AFTER = Duration.ofDays(30);

  /** The default idle time after which a conversation is archived: 90 days. */
  Duration DEFAULT_ARCHIVE_AFTER = Duration.ofDays(90);

  /** The longest age or idle time that these methods accept: 365,000 days. */
  Duration LONGEST_AGE = Duration.ofDays(365_000);

  /**
   * Deletes messages that were created longer ago than {@code age}, except those of pinned
   * conversations. Returns how many. Conversations stay. A database deletes in small transactions,
   * and a writer waits for one of them at most. After a failed run the completed transactions stay,
   * and the next run continues.
   */
  long deleteMessagesOlderThan(Duration age);

  /**
   * Permanently removes messages and conversations deleted longer ago than {@code age}; returns how
   * many. Until then a database keeps their rows without content: from these rows local copies
   * learn of the delete, and late changes are recognized. Choose an age longer than any node is
   * offline. Runs in small transactions and never waits for locks; after a failed run the completed
   * transactions stay. Returns 0 for a store of files alone, which purges by itself.
   */
  default long purgeDeleted(Duration age) {
    return 0;
  }

  /** Archives active conversations that were not used for {@code idle}. Returns how many. */
  long archiveIdle(Duration idle);

  /** Figures over one tenant, or over all if it is null. */
  StoreStatistics statistics(@Nullable String tenantId);

  /** Users of a tenant with messages within {@code window}, the latest first. */
  List<ActiveUser> activeUsers(String tenantId, Duration window, int limit);

  /** Checks that the store is reachable and its data sound. Findings are returned, never thrown. */
  StoreHealth health();

  /**
   * Connections and call durations, as this process sees them, also while the database is away.
   * {@link StoreFigures#NONE} for a store without a database.
   */
  default StoreFigures figures() {
    return StoreFigures.NONE;
  }

  /**
   * The size of each table in the database, by name; reads only the catalogue. Empty for a store
   * without a database.
   */
  default List<TableSize> tableSizes() {
    return List.of();
  }

  /**
   * The changes that the database rejected permanently and this node keeps, oldest first. Each
   * stays until it is retried or discarded, or its owner is erased. Empty unless the store combines
   * local files with a database.
   */
  default List<ParkedChange> parked() {
    return List.of();
  }

  /**
   * Puts a parked change at the end of this node's pending changes, whether or not the database is
   * in use. Its messages come after all messages appended meanwhile. If its conversation was
   * deleted, it is dropped and reported. If it is rejected again, it is parked under another id.
   * Repeating the call, also after a crash, appends nothing twice.
   *
   * @return false if no such change is parked
   * @throws StoreUnavailableException if the local files fail
   */
  default boolean retryParked(UUID changeId) {
    return false;
  }

  /**
   * Discards a parked change; the next compaction removes its content from the local files.
   *
   * @return false if no such change is parked
   * @throws StoreUnavailableException if the local files fail
   */
  default boolean discardParked(UUID changeId) {
    return false;
  }
}
