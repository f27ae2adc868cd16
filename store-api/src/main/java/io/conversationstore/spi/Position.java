package io.conversationstore.spi;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A place in a listing, decoded from a cursor. Listings continue strictly beyond it. */
public sealed interface Position {

  /** The history of the store that it belongs to. */
  UUID history();

  /**
   * In a conversation: at {@code seq} of this generation.
   *
   * @param pending the pending message at which the page ended, else null; read only by the overlay
   *     of pending changes. Forward, {@code seq} is then the last committed one returned; backward,
   *     one beyond the last
   */
  record InConversation(UUID history, long epoch, long generation, long seq, @Nullable UUID pending)
      implements Position {}

  /**
   * In an owner's messages across conversations.
   *
   * @param overlay a note of the overlay of pending changes, in letters, digits and {@code .-};
   *     else null. Engines ignore it
   */
  record InHistory(
      UUID history, Instant createdAt, String conversationId, long seq, @Nullable String overlay)
      implements Position {}

  /** In an owner's conversations. */
  record InConversations(UUID history, Instant updatedAt, String id) implements Position {}
}
