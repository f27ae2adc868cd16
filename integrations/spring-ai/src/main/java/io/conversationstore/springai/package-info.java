/**
 * Chat memory of Spring AI over a {@link io.conversationstore.ConversationStore}.
 *
 * <p>{@link io.conversationstore.springai.ConversationStoreChatMemory} is a {@code ChatMemory} that
 * only appends; {@link io.conversationstore.springai.ConversationStoreChatMemoryRepository} is a
 * {@code ChatMemoryRepository} for memories that save a whole window. Both keep every message that
 * was ever saved. {@link io.conversationstore.springai.ConversationPlaces} says where a
 * conversation id of Spring AI belongs.
 *
 * <p>Inside, {@code MessageLog} is the only class that calls the store, and {@code MessageCodec}
 * the only one that knows how a message is stored. Neither knows about windows.
 */
@NullMarked
package io.conversationstore.springai;

import org.jspecify.annotations.NullMarked;
