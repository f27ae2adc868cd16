/**
 * Chat conversations that are kept for good: the model and the one interface that every store
 * implements.
 *
 * <p>Start with {@link io.conversationstore.ConversationStore}. A {@link
 * io.conversationstore.Conversation} belongs to an {@link io.conversationstore.Owner}; its {@link
 * io.conversationstore.StoredMessage messages} stand in the order of their {@code seq}.
 */
@NullMarked
package io.conversationstore;

import org.jspecify.annotations.NullMarked;
