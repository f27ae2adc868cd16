package io.conversationstore;

import java.time.Instant;

/**
 * A user who created messages within the requested window.
 *
 * @param lastActive the creation time of the latest message
 * @param messages messages within the window
 */
public record ActiveUser(Owner owner, Instant lastActive, long messages) {}
