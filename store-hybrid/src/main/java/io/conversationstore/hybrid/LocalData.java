package io.conversationstore.hybrid;

/** Handling of a directory that was filled before it met a database. */
public enum LocalData {
  /**
   * All its contents are sent to the database. Conversations whose ids the database has are joined:
   * their messages are appended; title and other fields stay as in the database.
   */
  ADOPT,
  /**
   * Opening fails with an error that describes the directory's contents, before anything is
   * changed.
   */
  REFUSE
}
