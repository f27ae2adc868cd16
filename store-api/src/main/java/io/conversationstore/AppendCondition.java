package io.conversationstore;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A condition for an append. Idempotency comes first: appending a turn that is already stored
 * succeeds whatever the condition. Immutable.
 */
public final class AppendCondition {

  private static final AppendCondition ALWAYS = new AppendCondition(new Fields(false, null));

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(boolean checksLast, @Nullable UUID lastMessageId) {}

  private AppendCondition(Fields fields) {
    this.fields = fields;
  }

  /** No condition. */
  public static AppendCondition always() {
    return ALWAYS;
  }

  /**
   * Only if the conversation's last message has this id. Needs the database if one is configured.
   */
  public static AppendCondition ifLastIs(UUID messageId) {
    return new AppendCondition(new Fields(true, messageId));
  }

  /** Only if the conversation has no message. Needs the database if one is configured. */
  public static AppendCondition ifEmpty() {
    return new AppendCondition(new Fields(true, null));
  }

  /** Whether the last message is checked. */
  public boolean checksLast() {
    return fields.checksLast;
  }

  /**
   * The id that the last message (deleted ones not counted) must have; null for an empty
   * conversation.
   */
  public @Nullable UUID lastMessageId() {
    return fields.lastMessageId;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AppendCondition that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "AppendCondition" + fields.toString().substring("Fields".length());
  }
}
