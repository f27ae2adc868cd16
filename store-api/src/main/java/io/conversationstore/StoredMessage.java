package io.conversationstore;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A message in its place in a conversation.
 *
 * @param conversationId its conversation
 * @param id its identity, unique within the conversation
 * @param seq its place, from 1, once committed; 0 while pending (durable on this node, not yet in
 *     the database). Pending messages come after the committed ones
 * @param createdAt when the store accepted it, in microseconds; never goes back within a
 *     conversation, except for imported times
 * @param editedAt when its content was last replaced, or null
 * @param message its content, with its id
 */
public record StoredMessage(
    String conversationId,
    UUID id,
    long seq,
    Instant createdAt,
    @Nullable Instant editedAt,
    Message message) {

  public StoredMessage {
    if (seq < 0) {
      throw new IllegalArgumentException("seq must not be negative");
    }
    createdAt = Canonical.time("createdAt", createdAt);
    editedAt = editedAt == null ? null : Canonical.time("editedAt", editedAt);
    message = message.withId(id);
  }

  /** Whether this node still has to send the message to the database. */
  public boolean isPending() {
    return seq == 0;
  }

  public Role role() {
    return message.role();
  }

  /** See {@link Message#text()}. */
  public String text() {
    return message.text();
  }

  public List<ToolCall> toolCalls() {
    return message.toolCalls();
  }
}
