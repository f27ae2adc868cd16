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
 * @param reason why it began, in words, without message content or secrets
 * @param pending changes of this node that wait to be sent to the database
 * @param mirror the local copy; null if there is none
 * @param lastResync the latest drain of pending changes, finished or running; null before the first
 * @param adoption the sending of local data from before the first contact with the database; null
 *     if the store has had none to send since it was opened
 * @param rejected the latest changes that the database does not take, newest last, at most 1,000;
 *     each is reported once here and in the log
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
    ONLINE,
    /** The database answers; pending changes are being sent to it. */
    RESYNCING,
    /** The database is away: reads and writes are served by the local files. */
    OFFLINE,
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
   * The local copy of the database.
   *
   * @param asOf the copy holds everything committed before this time
   * @param lag the time since {@code asOf}, or null if the copy was never complete
   * @param dirty whether the copy misses changes after a local fault and is to be repaired
   * @param coverage what the copy covers, in words
   */
  public record Mirror(
      @Nullable Instant asOf, @Nullable Duration lag, boolean dirty, String coverage) {}

  /** A drain. {@code ended} is null while it runs. */
  public record Resync(
      Instant started, @Nullable Instant ended, long drained, long dropped, long parked) {}

  /**
   * The sending of local data from before the first contact with the database.
   *
   * @param started when this store began or resumed it; null until the database is reached
   * @param ended when it was done; null before
   * @param conversations conversations to send since the store was opened
   * @param messages messages of these conversations
   * @param sentConversations conversations that the database has received
   * @param sentMessages messages of the sent conversations
   */
  public record Adoption(
      @Nullable Instant started,
      @Nullable Instant ended,
      long conversations,
      long messages,
      long sentConversations,
      long sentMessages) {}

  /**
   * A change that the database does not take, with the reason.
   *
   * @param parked true if it is kept for an operator, false if a rule dropped it (its conversation
   *     was deleted, its owner erased)
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
    return mode == Mode.ONLINE || mode == Mode.RESYNCING;
  }
}
