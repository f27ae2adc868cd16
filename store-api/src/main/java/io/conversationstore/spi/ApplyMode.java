package io.conversationstore.spi;

/** How a change comes to a store. */
public enum ApplyMode {
  /**
   * A caller waits for it: it takes the store's time, its fields win, and what does not fit the
   * present state is an exception.
   */
  LIVE,
  /**
   * It was accepted earlier without the database and is sent now: it keeps its own time where that
   * is not in the future, a field wins only where its time is newer, and what is about a generation
   * that was deleted or an epoch that was erased is dropped and reported in {@link
   * Applied#dropped()}, never an exception.
   */
  REPLAY
}
