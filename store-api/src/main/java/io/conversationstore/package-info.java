/**
 * Durable chat conversations: the model and the interface that every store implements.
 *
 * <p>Start with {@link io.conversationstore.ConversationStore}. A {@link
 * io.conversationstore.Conversation} belongs to an {@link io.conversationstore.Owner}; its {@link
 * io.conversationstore.StoredMessage messages} are ordered by their {@code seq}.
 */
@NullMarked
package io.conversationstore;

import org.jspecify.annotations.NullMarked;
