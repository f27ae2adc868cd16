package io.conversationstore;

import java.time.Instant;

/**
 * A user with messages in the time asked for.
 *
 * @param lastActive the creation time of the latest message
 * @param messages messages in that time
 */
public record ActiveUser(Owner owner, Instant lastActive, long messages) {}
