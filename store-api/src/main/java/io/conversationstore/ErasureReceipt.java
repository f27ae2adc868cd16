package io.conversationstore;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * The result of an erasure: what was removed from each place, and what it cannot cover.
 *
 * @param erasureId the same when a call with unknown outcome is repeated
 * @param pending true if the database was not reached; it erases the owner at the next contact
 * @param removed one entry per place
 * @param notCovered places that may still hold copies, in words
 */
public record ErasureReceipt(
    Owner owner,
    UUID erasureId,
    Instant at,
    boolean pending,
    List<Removal> removed,
    List<String> notCovered) {

  /** Counts for one place. */
  public record Removal(Provenance.Source place, long conversations, long messages) {}

  public ErasureReceipt {
    removed = List.copyOf(removed);
    notCovered = List.copyOf(notCovered);
  }
}
