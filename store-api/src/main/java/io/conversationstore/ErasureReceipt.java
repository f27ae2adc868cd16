package io.conversationstore;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * What an erasure removed, where, and what it cannot cover.
 *
 * @param erasureId the same for a repeated call whose first outcome was unknown
 * @param pending whether the database has not been reached yet: it is erased at the next contact
 * @param removed a line for each place
 * @param notCovered in words, what may still hold copies
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
