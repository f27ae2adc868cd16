package io.conversationstore;

/**
 * Counts for one owner; deleted items are not counted.
 *
 * @param conversations conversations of any status
 * @param messages messages in all of them
 */
public record OwnerCounts(long conversations, long messages) {}
