package io.conversationstore.spi;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of a pending change.
 *
 * @param epoch of an erasure that was drained or dropped, the epoch of what follows it in the
 *     queue; else {@link ChangeStamp#PRESENT_EPOCH}, which says nothing
 * @param generations of what creates conversations (a create, a bulk), the generation that each of
 *     them was made or joined in, by conversation id
 * @param landedAt when its first attempt took effect, where that was later than the change was
 *     made: what follows it in the queue was made after it, and must not lose to it; else null
 * @param reason why it was dropped or parked, without content; empty when it was drained
 */
public record Settlement(
    UUID changeId,
    Kind kind,
    long epoch,
    Map<String, Long> generations,
    @Nullable Instant landedAt,
    String reason,
    Instant at) {

  public Settlement {
    generations = Map.copyOf(generations);
  }

  /** One that says nothing of where or when the change took effect. */
  public static Settlement of(UUID changeId, Kind kind, String reason, Instant at) {
    return new Settlement(changeId, kind, ChangeStamp.PRESENT_EPOCH, Map.of(), null, reason, at);
  }

  /** The ways a pending change ends. */
  public enum Kind {
    /** The database holds it. */
    DRAINED,
    /** A rule forbids it: its conversation was deleted or its owner erased. Its content is gone. */
    DROPPED,
    /** The database refuses it; it is kept for an operator. */
    PARKED,
    /** Nobody outside this node ever saw it, and the node took it back. Its content is gone. */
    CANCELLED
  }
}
