package io.conversationstore;

/**
 * Figures over all owners, deleted items not counted.
 *
 * @param tenants tenants with at least one conversation
 * @param users owners with at least one conversation
 * @param messagesToday messages created since midnight UTC
 */
public record StoreStatistics(
    long tenants, long users, long conversations, long messages, long messagesToday) {}
