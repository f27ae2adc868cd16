package io.conversationstore;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A condition for an append. Idempotency comes first: appending a turn that is already stored
 * succeeds whatever the condition.
 *
 * @param checksLast whether the last message is checked
 * @param lastMessageId the id that the last message (deleted ones not counted) must have, null for
 *     an empty conversation
 */
public record AppendCondition(boolean checksLast, @Nullable UUID lastMessageId) {

  private static final AppendCondition ALWAYS = new AppendCondition(false, null);

  /** No condition. */
  public static AppendCondition always() {
    return ALWAYS;
  }

  /**
   * Only if the conversation's last message has this id. Needs the database if one is configured.
   */
  public static AppendCondition ifLastIs(UUID messageId) {
    return new AppendCondition(true, messageId);
  }

  /** Only if the conversation has no message. Needs the database if one is configured. */
  public static AppendCondition ifEmpty() {
    return new AppendCondition(true, null);
  }
}
