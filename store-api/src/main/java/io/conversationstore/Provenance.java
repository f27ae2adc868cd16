package io.conversationstore;

import java.time.Instant;

/**
 * Where an answer came from and how far it can be trusted.
 *
 * @param source which store answered
 * @param asOf the time up to which other writers' changes are in it; the present when the database
 *     answered
 * @param complete false where the local copy knows that parts of the answer may be missing
 * @param pending whether changes of this node that the database does not hold yet are in it
 */
public record Provenance(Source source, Instant asOf, boolean complete, boolean pending) {

  /** The store that answered. */
  public enum Source {
    DATABASE,
    LOCAL_FILES,
    MEMORY
  }
}
