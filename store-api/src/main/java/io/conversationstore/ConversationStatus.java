package io.conversationstore;

import java.util.Locale;

/** Whether a conversation is active or archived. Archived conversations still accept messages. */
public enum ConversationStatus {
  ACTIVE,
  ARCHIVED;

  /** The name in JSON and in the database: {@code active} or {@code archived}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the status with this wire name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ConversationStatus ofWireName(String wireName) {
    return switch (wireName) {
      case "active" -> ACTIVE;
      case "archived" -> ARCHIVED;
      default ->
          throw new IllegalArgumentException(
              "status must be active or archived, but was " + Canonical.quoteShort(wireName));
    };
  }
}
