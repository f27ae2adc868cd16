package io.conversationstore.spi;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where and when a change has taken effect.
 *
 * @param conversationId null for preferences and erasures
 * @param generation of the conversation that it made, joined or changed, which may be deleted
 *     since; 0 for preferences; of an erasure the epoch that it began
 * @param at the time that decides between it and other writes of the same fields
 */
public record Landing(@Nullable String conversationId, long generation, Instant at) {}
