package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.hybrid.internal.overlay.PendingView;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The epoch and the time of queued changes. A change that the database may already have names an
 * epoch, and keeps both as sent. Thread-safe.
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
   * The change with an epoch, and a time later than all known times of the conversation: a caller
   * that changes a state it has seen wins over it, even with coarse clocks.
   *
   * @param epoch of the view, not the present one: a change checked before an erasure must not
   *     survive it
   */
  Change of(PendingView view, Change change, long epoch) {
    ChangeStamp stamp = change.stamp();
    if (stamp.epoch() != ChangeStamp.PRESENT_EPOCH) {
      return change; // as it was sent
    }
    Instant at = now.get();
    ConversationState live = view.live();
    if (live != null) {
      at = later(at, live.requireLive().updatedAt());
    }
    return change.withStamp(new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node()));
  }

  /** Now, or just after {@code seen} if that is later. */
  static Instant later(Instant now, Instant seen) {
    return now.isAfter(seen) ? now : seen.plus(1, ChronoUnit.MICROS);
  }

  /**
   * The stamp of a change to a whole owner or to several conversations.
   *
   * @param checked the epoch in which it was checked
   */
  ChangeStamp ofOwner(Change change, Instant at, long checked) {
    ChangeStamp stamp = change.stamp();
    if (stamp.epoch() != ChangeStamp.PRESENT_EPOCH) {
      return stamp; // as it was sent
    }
    long epoch = local.hasPendingErasure(change.owner()) ? ChangeStamp.PRESENT_EPOCH : checked;
    return new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node());
  }

  /**
   * A bulk whose parts name the generations of the existing conversations.
   *
   * @param generations by conversation; less than 0 behind a create, see {@link
   *     ConversationRef#following}
   * @param stamp gives the epoch and the time of all parts
   */
  static Bulk named(Bulk bulk, ChangeStamp stamp, Map<String, Long> generations) {
    List<Change> parts = new ArrayList<>();
    for (Change part : bulk.changes()) {
      Change known = part;
      if (part instanceof ConversationCreated create
          && !ConversationRef.isOpen(
              generations.getOrDefault(create.conversationId(), ConversationRef.LIVE))) {
        continue; // It exists; if it is deleted before this is sent, it must not come back.
      }
      if (part instanceof ToConversation change) {
        Long generation = generations.get(change.ref().id());
        if (generation != null) {
          known = change.withGeneration(generation);
        }
      }
      ChangeStamp own = part.stamp();
      parts.add(
          known.withStamp(
              new ChangeStamp(own.id(), own.owner(), stamp.epoch(), stamp.time(), own.node())));
    }
    return new Bulk(stamp, parts);
  }
}
