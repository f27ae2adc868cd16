package io.conversationstore.spi;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The place and time at which a change took effect.
 *
 * @param conversationId null for preferences and erasures
 * @param generation the generation created, joined or changed, which may be deleted since; 0 for
 *     preferences; for an erasure, the epoch that it began
 * @param at the time that is compared with other writes of the same fields
 */
public record Landing(@Nullable String conversationId, long generation, Instant at) {}
