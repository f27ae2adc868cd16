package io.conversationstore;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an operator does over all owners. Where there is a database these run in it and need it:
 * without it they throw {@link StoreUnavailableException}. An age that is negative or longer than
 * {@link #LONGEST_AGE} is an {@link IllegalArgumentException}. Safe for use by many threads.
 */
public interface StoreOperator {

  /** The age at which messages go unless said otherwise: 7 days. */
  Duration DEFAULT_RETENTION = Duration.ofDays(7);

  /** The age at which what was deleted is removed for good unless said otherwise: 30 days. */
  Duration DEFAULT_PURGE_AFTER = Duration.ofDays(30);

  /** The time without use after which a conversation is archived unless said otherwise: 90 days. */
  Duration DEFAULT_ARCHIVE_AFTER = Duration.ofDays(90);

  /** The longest age or time without use that these methods take: 365,000 days. */
  Duration LONGEST_AGE = Duration.ofDays(365_000);

  /**
   * Deletes messages that were created longer ago than {@code age}, except those of pinned
   * conversations. Returns how many. Conversations stay. In a database it goes in small
   * transactions, so that a writer waits for one of these at most; a run that fails has deleted
   * what it came to, and the next one goes on.
   */
  long deleteMessagesOlderThan(Duration age);

  /**
   * Removes for good what was deleted longer ago than {@code age}; returns how many messages and
   * conversations. Until then a database keeps their rows, without content, by which nodes with a
   * local copy hear of the delete and what is sent late is known: give it an age that no node is
   * offline for. It goes in small transactions and waits for nobody; a run that fails has removed
   * what it came to. 0 for a store of files alone, which removes such things by itself.
   */
  default long purgeDeleted(Duration age) {
    return 0;
  }

  /** Archives active conversations that nobody has used for {@code idle}. Returns how many. */
  long archiveIdle(Duration idle);

  /** Figures over one tenant, or over all where it is null. */
  StoreStatistics statistics(@Nullable String tenantId);

  /** Users of a tenant with messages within {@code window}, the latest first. */
  List<ActiveUser> activeUsers(String tenantId, Duration window, int limit);

  /** Checks that the store is reachable and its data sound. Never throws for what it finds. */
  StoreHealth health();

  /**
   * Connections and times of calls, as this process sees them, also while the database is away.
   * {@link StoreFigures#NONE} for a store without a database.
   */
  default StoreFigures figures() {
    return StoreFigures.NONE;
  }

  /**
   * What each table takes in the database, by name; reads the catalogue alone. Empty for a store
   * without a database.
   */
  default List<TableSize> tableSizes() {
    return List.of();
  }

  /**
   * The changes that this node could not give to the database and keeps, oldest first. Always empty
   * for a store without a database behind local files. Each stays until it is retried or discarded,
   * or its owner is erased.
   */
  default List<ParkedChange> parked() {
    return List.of();
  }

  /**
   * Puts a parked change at the end of what this node sends, whether or not the database is in use.
   * What it appends stands after all that was appended meanwhile; where its conversation was
   * deleted it is dropped and reported. Refused again, it is parked again under another id. Doing
   * it twice, a crash in between included, appends nothing twice.
   *
   * @return false if no such change is parked
   * @throws StoreUnavailableException if the local files fail
   */
  default boolean retryParked(UUID changeId) {
    return false;
  }

  /**
   * Gives a parked change up; its content goes from the local files with the next compaction.
   *
   * @return false if no such change is parked
   * @throws StoreUnavailableException if the local files fail
   */
  default boolean discardParked(UUID changeId) {
    return false;
  }
}
