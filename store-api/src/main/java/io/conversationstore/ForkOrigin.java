package io.conversationstore;

import java.util.UUID;

/**
 * Where a fork left its original ({@link ConversationStore#fork}).
 *
 * @param conversationId the original, of the same owner; it may be deleted since
 * @param messageId the last message that the fork took
 */
public record ForkOrigin(String conversationId, UUID messageId) {}
