package io.conversationstore;

import java.time.Instant;

/**
 * The source of an answer, and how current and complete it is.
 *
 * @param source the store that answered
 * @param asOf the answer includes other writers' changes up to this time; the present if the
 *     database answered
 * @param complete false if parts of the answer may be missing from the local copy
 * @param pending whether the answer includes changes of this node that the database does not hold
 *     yet
 */
public record Provenance(Source source, Instant asOf, boolean complete, boolean pending) {

  /** The store that answered. */
  public enum Source {
    DATABASE,
    LOCAL_FILES,
    MEMORY
  }
}
