package io.conversationstore.spi;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * What became of a pending change.
 *
 * @param epoch of an erasure that was drained or dropped, the epoch of what follows it in the
 *     queue; else {@link ChangeStamp#PRESENT_EPOCH}, which says nothing
 * @param generations of what creates conversations (a create, a bulk), the generation that each of
 *     them was made or joined in, by conversation id
 * @param reason why it was dropped or parked, without content; empty when it was drained
 */
public record Settlement(
    UUID changeId,
    Kind kind,
    long epoch,
    Map<String, Long> generations,
    String reason,
    Instant at) {

  public Settlement {
    generations = Map.copyOf(generations);
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
