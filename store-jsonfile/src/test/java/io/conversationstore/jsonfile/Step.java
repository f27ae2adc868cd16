package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * A call with its arguments, for a store and the model alike.
 *
 * @param at the clock's time of the call
 * @param kind the guarantee if the call fails midway
 * @param owner whom it concerns
 */
record Step(String name, Instant at, Kind kind, Owner owner, Consumer<ConversationStore> call) {
  enum Kind {
    /** All or nothing. */
    WHOLE,
    /** All or nothing for each conversation; repeating it continues. */
    BY_CONVERSATION,
    /** All or nothing; and none of the text stays in the files. */
    ERASURE
  }
}
