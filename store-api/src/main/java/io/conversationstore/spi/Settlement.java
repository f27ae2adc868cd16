package io.conversationstore.spi;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of a pending change.
 *
 * @param epoch for a drained or dropped erasure, the epoch of the changes after it in the queue;
 *     else {@link ChangeStamp#PRESENT_EPOCH}
 * @param generations for a create or a bulk, the generation created or joined, by conversation id
 * @param landedAt when its first attempt took effect, if later than the change's own time: changes
 *     after it in the queue were made later and must win over it; else null
 * @param reason why it was dropped or parked, without content; empty if it was drained
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

  /** A settlement without place and time of the effect. */
  public static Settlement of(UUID changeId, Kind kind, String reason, Instant at) {
    return new Settlement(changeId, kind, ChangeStamp.PRESENT_EPOCH, Map.of(), null, reason, at);
  }

  /** The ways a pending change ends. */
  public enum Kind {
    /** The database holds it. */
    DRAINED,
    /**
     * A rule forbids it: its conversation was deleted or its owner erased. Its content is removed.
     */
    DROPPED,
    /** The database rejected it permanently; it is kept for an operator. */
    PARKED,
    /** The node took it back before it left the node. Its content is removed. */
    CANCELLED
  }
}
