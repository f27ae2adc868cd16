package io.conversationstore.spi;

/** Why an engine could not answer, as far as it matters to whoever can turn to another. */
public enum FailureKind {
  /** It cannot be reached or refuses to work: counts against it. */
  UNAVAILABLE,
  /** It took too long: counts as slow. */
  SLOW,
  /** Conflicts with other writers, also after some tries: does not count. */
  CONTENTION,
  /** Wrong credentials, missing database, table or right: an operator has to act. */
  MISCONFIGURED,
  /** None of the above; a caller gets the error. */
  UNEXPECTED
}
