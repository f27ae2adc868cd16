package io.conversationstore.jsonfile.internal.index;

/** The counts of an erasure, kept so that repeating it returns the same receipt. */
public record ErasureCounts(long atMicros, long conversations, long messages) {}
