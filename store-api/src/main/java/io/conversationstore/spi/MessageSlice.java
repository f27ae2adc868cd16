package io.conversationstore.spi;

import org.jspecify.annotations.Nullable;

/**
 * Messages of one conversation, oldest first, with the conversation's state at the time of the
 * read.
 *
 * @param start the place of the message from which the slice was read; null if it was read from an
 *     end or a position
 */
public record MessageSlice(
    State.ConversationState conversation,
    Slice<State.MessageState> slice,
    Position.@Nullable InConversation start) {

  /** A slice read from an end or a position. */
  public MessageSlice(State.ConversationState conversation, Slice<State.MessageState> slice) {
    this(conversation, slice, null);
  }
}
