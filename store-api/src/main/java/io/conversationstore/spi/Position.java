package io.conversationstore.spi;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A place in a listing, decoded from a cursor. Listings go on strictly beyond it. */
public sealed interface Position {

  /** The history of the store that it belongs to. */
  UUID history();

  /**
   * In a conversation: at {@code seq} of this generation.
   *
   * @param pending the pending message at which the page ended, else null; only whoever lays
   *     pending changes over an engine's answers reads it. Forward, {@code seq} is then the last
   *     committed one that was told; backward, one beyond the last
   */
  record InConversation(UUID history, long epoch, long generation, long seq, @Nullable UUID pending)
      implements Position {}

  /**
   * In an owner's messages across conversations.
   *
   * @param overlay what whoever lays pending changes over an engine's answers has to know besides,
   *     of letters, digits and {@code .-}; else null. Engines do not read it
   */
  record InHistory(
      UUID history, Instant createdAt, String conversationId, long seq, @Nullable String overlay)
      implements Position {}

  /** In an owner's conversations. */
  record InConversations(UUID history, Instant updatedAt, String id) implements Position {}
}
