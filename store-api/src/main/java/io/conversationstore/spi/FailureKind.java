package io.conversationstore.spi;

/** The kind of an engine's failure, for callers that can use another engine instead. */
public enum FailureKind {
  /** It is unreachable or refuses to work: counts as a failure. */
  UNAVAILABLE,
  /** It took too long: counts as a slow call. */
  SLOW,
  /** Conflicts with other writers, also after retries: not counted. */
  CONTENTION,
  /** Wrong credentials, or a missing database, table or privilege: an operator has to act. */
  MISCONFIGURED,
  /** Any other failure; the caller gets the error. */
  UNEXPECTED
}
