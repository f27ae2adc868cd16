/**
 * LangChain4j over a conversation store.
 *
 * <p>Three public entries: {@link io.conversationstore.langchain4j.ConversationChatMemoryStore}
 * below the framework's own windows, {@link
 * io.conversationstore.langchain4j.ConversationChatMemory} with a window of its own, and {@link
 * io.conversationstore.langchain4j.ConversationContentRetriever} over past conversations. {@link
 * io.conversationstore.langchain4j.ConversationKey} names a conversation.
 *
 * <p>Behind them, {@code MessageMapping} with {@code MediaMapping} and {@code TypedJson} translates
 * messages both ways; {@code View} makes a window of stored messages, {@code Difference} compares
 * it with the window that the framework gives back, and {@code ChatHistory} keeps what was shown
 * and appends the difference. All of them know the store by its interface alone.
 */
@NullMarked
package io.conversationstore.langchain4j;

import org.jspecify.annotations.NullMarked;
