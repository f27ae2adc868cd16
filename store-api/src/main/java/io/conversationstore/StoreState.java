package io.conversationstore;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The state of a store at one moment.
 *
 * @param mode whether the database is in use
 * @param since when this mode began
 * @param reason why, in words, without message content or secrets
 * @param pending changes that this node keeps for the database
 * @param mirror the local copy; null where there is none
 * @param lastResync the last finished or running drain of pending changes; null before the first
 * @param adoption the sending of what the local files held before they met the database; null where
 *     that never was anything since the store was opened
 * @param rejected the latest changes that could not be given to the database, newest last, at most
 *     1,000; each is reported once here and in the log
 */
public record StoreState(
    Mode mode,
    Instant since,
    String reason,
    Pending pending,
    @Nullable Mirror mirror,
    @Nullable Resync lastResync,
    @Nullable Adoption adoption,
    List<Rejected> rejected) {

  /** Whether the database is in use. */
  public enum Mode {
    /** The database answers and holds everything. */
    IN_USE,
    /** The database answers; pending changes are being sent to it. */
    RESYNCING,
    /** The database is away: reads and writes are served by the local files. */
    FALLEN_BACK,
    /** No database is configured. */
    LOCAL_ONLY
  }

  /**
   * Changes waiting to be sent.
   *
   * @param bytes their size on disk
   * @param oldest when the oldest was made, or null if there is none
   */
  public record Pending(long changes, long bytes, @Nullable Instant oldest) {
    public static final Pending NONE = new Pending(0, 0, null);
  }

  /**
   * The local copy of what the database holds.
   *
   * @param asOf all that was committed before is in the copy
   * @param lag the time from then until now, or null if the copy was never complete
   * @param dirty whether a local fault made the copy miss changes that are to be healed
   * @param coverage in words
   */
  public record Mirror(
      @Nullable Instant asOf, @Nullable Duration lag, boolean dirty, String coverage) {}

  /** A drain. {@code ended} is null while it runs. */
  public record Resync(
      Instant started, @Nullable Instant ended, long drained, long dropped, long parked) {}

  /**
   * The first sending of local files to a database: of what they held before they met it.
   *
   * @param started when this store began or resumed it; null while the database was not reached
   * @param ended null while it is not done
   * @param conversations to be sent since the store was opened
   * @param messages of these
   * @param sentConversations those of them that the database has
   * @param sentMessages of these
   */
  public record Adoption(
      @Nullable Instant started,
      @Nullable Instant ended,
      long conversations,
      long messages,
      long sentConversations,
      long sentMessages) {}

  /**
   * A change that the database does not hold and why.
   *
   * @param parked true where it is kept for an operator, false where it was dropped by a rule (its
   *     conversation was deleted, its owner erased)
   */
  public record Rejected(
      UUID changeId,
      Owner owner,
      @Nullable String conversationId,
      boolean parked,
      String reason,
      Instant at) {}

  public StoreState {
    rejected = List.copyOf(rejected);
  }

  /** Whether the database answers right now. */
  public boolean databaseInUse() {
    return mode == Mode.IN_USE || mode == Mode.RESYNCING;
  }
}
