package io.conversationstore;

/**
 * How much an owner has, deleted items not counted.
 *
 * @param conversations of any status
 * @param messages in all of them
 */
public record OwnerCounts(long conversations, long messages) {}
