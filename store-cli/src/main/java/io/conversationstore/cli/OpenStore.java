package io.conversationstore.cli;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;

/**
 * A store that a command has opened.
 *
 * @param place the store in words
 * @param keepsTimes whether an import can set the times of conversations: not where local files and
 *     a database work together
 * @param hasFiles whether it has local files
 */
record OpenStore(ConversationStore store, String place, boolean keepsTimes, boolean hasFiles)
    implements AutoCloseable {

  /** Tells the user if the answers come from a local copy. */
  void warnIfOffline(Screen screen) {
    StoreState state = store.state();
    if (state.mode() == StoreState.Mode.OFFLINE) {
      screen.note("conversations: the database is away, the local files answer: " + state.reason());
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
