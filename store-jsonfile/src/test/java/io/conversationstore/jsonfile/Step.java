package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * A call with its arguments, to be made on a store and on the model alike.
 *
 * @param at the time on the clock when it is made
 * @param kind what its caller may expect where it fails midway
 * @param owner whom it concerns
 */
record Step(String name, Instant at, Kind kind, Owner owner, Consumer<ConversationStore> call) {
  enum Kind {
    /** All or nothing. */
    WHOLE,
    /** All or nothing for each conversation; made again it goes on. */
    BY_CONVERSATION,
    /** All or nothing; and nothing of the text stays in the files. */
    ERASURE
  }
}
