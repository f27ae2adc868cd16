package io.conversationstore.hybrid;

/** What becomes of a directory that was filled before it met a database. */
public enum LocalData {
  /**
   * All that it holds is sent to the database. Conversations whose ids the database has are joined:
   * their messages are appended, title and other fields stay as the database has them.
   */
  ADOPT,
  /** Opening fails with an error that says what the directory holds, before anything is changed. */
  REFUSE
}
