package io.conversationstore.spi;

/**
 * Messages of one conversation, oldest first, with the conversation's state at the time of the
 * read.
 */
public record MessageSlice(State.ConversationState conversation, Slice<State.MessageState> slice) {}
