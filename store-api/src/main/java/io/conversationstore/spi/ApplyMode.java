package io.conversationstore.spi;

/** How a change reaches a store. */
public enum ApplyMode {
  /**
   * A caller waits for the change: it gets the store's time, its fields win, and a conflict with
   * the present state is an exception.
   */
  LIVE,
  /**
   * The change was accepted earlier without the database and is sent now. It keeps its own time
   * unless that is in the future, and a field wins only if its time is newer. Parts about a deleted
   * generation or an erased epoch are dropped and reported in {@link Applied#dropped()}, without an
   * exception.
   */
  REPLAY
}
