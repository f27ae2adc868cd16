package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The store that has the last word where several nodes share one: it gives {@code seq} and times.
 *
 * <p>In {@link ApplyMode#REPLAY}, {@link #apply} takes a {@linkplain Change.Bulk#isOnce bulk that
 * is applied once} a first time and remembers it for good, beyond deletes, purges and erasures. The
 * next time it is dropped as a whole with {@link Applied#TAKEN_OVER_BEFORE}.
 */
public interface PrimaryStore extends StoreEngine {

  /**
   * Applies changes in {@link ApplyMode#REPLAY}, all or none, in one transaction. What is about one
   * conversation is applied in the order given. Where the outcome is not known, the same changes
   * may be applied again, in batches or alone: each is as idempotent as {@link #apply} makes it.
   *
   * @param changes at least one; no bulk, no erasure, and none that names {@link
   *     ConversationRef#LIVE} for a conversation that another one of them creates: an outcome that
   *     is lost could otherwise not be told from that of a later generation
   * @return what each did, in the order given
   * @throws BatchRefusedException if one of them is refused, as {@link #apply} would say; none is
   *     applied
   */
  List<Applied> applyAll(List<Change> changes);

  /**
   * Where a change has taken effect that was applied already, by this or by an earlier attempt: a
   * create or a save with {@link ApplyMode#REPLAY} that joined a conversation included. What is not
   * remembered is left out: a row remembers its last 16 changes, a message its last edit.
   *
   * @param change a create, an update, an edit, preferences, an erasure, or a bulk of such
   * @return one for each conversation at most, and one for preferences or an erasure
   */
  List<Landing> landings(Change change);

  /**
   * Reaches the database: checks or migrates its schema, raises the node's counter by one, and says
   * what was found. Other methods may be called before; they fail while the schema is not there.
   */
  Contact contact(UUID node);

  /**
   * The row states committed since {@code after}: each row that was committed then is told at least
   * once, in its then latest or a later state. Within a page, owners come first, then
   * conversations, then messages by {@code seq}.
   *
   * @throws io.conversationstore.CursorExpiredException if the position is of another history, or
   *     ahead of all that the database has seen
   */
  FeedPage feed(FeedPosition after, int limit);

  /**
   * Begins a new history, because the database went back in time: cursors and feed positions of the
   * one that ends are void. Where another one than {@code ended} has begun already nothing changes,
   * so that of several nodes one begins it and the others join.
   *
   * @return the present history
   */
  UUID beginHistory(UUID ended);

  /**
   * The generation that the next conversation of an owner begins with under an id of which no trace
   * is left: above all that were removed for good, so that it is a later one than they were.
   */
  long firstGeneration(Owner owner);

  /**
   * An erasure that the database remembers.
   *
   * @param changeId the change that asked for it
   * @param at when it was done, by the database's clock
   */
  record Erasure(Owner owner, UUID changeId, Instant at) {}

  /** Host, port and name of the database for people, without secrets; null where it has none. */
  default @Nullable String place() {
    return null;
  }

  /** The erasures committed later than {@code time} by the database's clock. */
  List<Erasure> erasuresSince(Instant time);
}
