package io.conversationstore.hybrid;

import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;

/**
 * The epoch and the time that queued changes get. One that the database may have already names an
 * epoch, and keeps both as it was sent. Thread-safe.
 */
final class QueueStamps {

  private final LocalStore local;
  private final Supplier<Instant> now;

  /**
   * @param now the node's clock, corrected to the database's
   */
  QueueStamps(LocalStore local, Supplier<Instant> now) {
    this.local = local;
    this.now = now;
  }

  /**
   * The change with the epoch that this node knows, and a time later than all that it knows of the
   * conversation: a caller who has seen a state and changes it wins over it, however coarse the
   * clocks.
   */
  Change of(PendingView view, Change change) {
    ChangeStamp stamp = change.stamp();
    if (stamp.epoch() != ChangeStamp.PRESENT_EPOCH) {
      return change; // as it was sent
    }
    // Of the view, not of now: what was checked before an erasure must not outlive it.
    long epoch = view.erased() ? ChangeStamp.PRESENT_EPOCH : view.epoch();
    Instant at = now.get();
    ConversationState live = view.live();
    if (live != null) {
      at = later(at, live.requireLive().updatedAt());
    }
    return change.withStamp(new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node()));
  }

  /** Now, or a moment after what was seen where that is later. */
  static Instant later(Instant now, Instant seen) {
    return now.isAfter(seen) ? now : seen.plus(1, ChronoUnit.MICROS);
  }

  /** The stamp of what is about a whole owner, or about several conversations. */
  ChangeStamp ofOwner(Change change, Instant at) {
    ChangeStamp stamp = change.stamp();
    if (stamp.epoch() != ChangeStamp.PRESENT_EPOCH) {
      return stamp; // as it was sent
    }
    boolean erased =
        local.hasPending(change.owner())
            && local.pending(change.owner()).stream().anyMatch(OwnerErased.class::isInstance);
    long epoch = erased ? ChangeStamp.PRESENT_EPOCH : local.preferences(change.owner()).epoch();
    return new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node());
  }
}
