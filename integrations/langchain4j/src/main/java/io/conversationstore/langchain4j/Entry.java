package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import io.conversationstore.Message;
import java.util.UUID;

/**
 * A stored message in a window.
 *
 * @param id its id in the store
 * @param message the message as the framework sees it; its identity distinguishes it from equal
 *     ones
 * @param plain what is stored, without id and placement
 */
record Entry(UUID id, ChatMessage message, Message plain) {}
