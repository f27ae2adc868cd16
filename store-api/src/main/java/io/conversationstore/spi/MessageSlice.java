package io.conversationstore.spi;

/**
 * Messages of one conversation, oldest first, with the conversation as it was when they were read.
 */
public record MessageSlice(State.ConversationState conversation, Slice<State.MessageState> slice) {}
