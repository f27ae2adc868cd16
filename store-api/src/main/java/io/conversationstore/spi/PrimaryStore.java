package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The authoritative store that several nodes share: it assigns {@code seq} and times.
 *
 * <p>In {@link ApplyMode#REPLAY}, {@link #apply} accepts a {@linkplain Change.Bulk#isOnce bulk that
 * is applied once} and remembers it permanently, beyond deletes, purges and erasures. A repetition
 * is dropped as a whole with {@link Applied#TAKEN_OVER_BEFORE}.
 *
 * <p>It keeps the {@linkplain JobClaims claims} of all its nodes, and measures their time by its
 * own clock.
 */
public interface PrimaryStore extends StoreEngine, JobClaims {

  /**
   * Applies changes in {@link ApplyMode#REPLAY}, all or none, in one transaction. Changes of one
   * conversation are applied in the order given. If the outcome is unknown, the same changes may be
   * applied again, in batches or alone: each is as idempotent as in {@link #apply}.
   *
   * @param changes at least one; no bulk, no erasure, and none that names {@link
   *     ConversationRef#LIVE} for a conversation that another one of them creates: after a lost
   *     outcome, it could be confused with a later generation
   * @return the result of each, in the order given
   * @throws BatchRefusedException if {@link #apply} would reject one of them; none is applied
   */
  List<Applied> applyAll(List<Change> changes);

  /**
   * The places where an applied change took effect, at this or an earlier attempt, including a
   * create or a save in {@link ApplyMode#REPLAY} that joined a conversation. Forgotten changes are
   * left out: a row remembers its last 16 changes, a message its last edit.
   *
   * @param change a create, an update, an edit, preferences, an erasure, or a bulk of these
   * @return at most one per conversation, and one for preferences or an erasure
   */
  List<Landing> landings(Change change);

  /**
   * Records that a create joined the live conversation of its id, as if it was applied, although
   * the change that it is a part of was rejected. An attempt that arrives later, or is made from a
   * copy of the node's directory, then takes effect in no other generation. Changes nothing if the
   * create is recorded already.
   *
   * @return whether this generation is live; if not, nothing was recorded
   */
  boolean recordJoin(Change.ConversationCreated create, long generation);

  /**
   * Contacts the database: checks or migrates its schema, raises the node's counter by one, and
   * returns the facts found. Other methods may be called before; they fail until the schema exists.
   */
  Handshake handshake(UUID node);

  /**
   * The row states committed since {@code after}: each committed row is returned at least once, in
   * its latest state at that time or a later one. Within a page, owners come first, then
   * conversations, then messages by {@code seq}.
   *
   * @throws io.conversationstore.CursorExpiredException if the position belongs to another history,
   *     or is ahead of the database
   */
  FeedPage feed(FeedPosition after, int limit);

  /**
   * Begins a new history because the database went back in time: cursors and feed positions of the
   * ended one become invalid. Does nothing if a history other than {@code ended} has begun already:
   * one of several nodes begins it and the others join.
   *
   * @param next the id of the new history, a UUID of version 7 by the database's time: it orders
   *     histories
   * @return the present history
   */
  UUID beginHistory(UUID ended, UUID next);

  /**
   * The first generation of an owner's next conversation under an id without any stored row. It is
   * later than all purged generations.
   */
  long firstGeneration(Owner owner);

  /**
   * An erasure that the database remembers.
   *
   * @param changeId the change that requested it
   * @param at when it was done, by the database's clock
   */
  record Erasure(Owner owner, UUID changeId, Instant at) {}

  /** Host, port and name of the database for people, without secrets; null if there is none. */
  default @Nullable String place() {
    return null;
  }

  /** The erasures committed later than {@code time} by the database's clock. */
  List<Erasure> erasuresSince(Instant time);
}
