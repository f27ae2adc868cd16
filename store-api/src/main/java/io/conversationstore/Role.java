package io.conversationstore;

import java.util.Locale;

/** The speaker of a message, with the names that chat model APIs use. */
public enum Role {
  SYSTEM,
  USER,
  ASSISTANT,
  TOOL;

  /** The name in JSON and in the database: {@code system}, {@code user} and so on. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the role with this wire name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Role ofWireName(String wireName) {
    return switch (wireName) {
      case "system" -> SYSTEM;
      case "user" -> USER;
      case "assistant" -> ASSISTANT;
      case "tool" -> TOOL;
      default ->
          throw new IllegalArgumentException(
              "role must be one of system, user, assistant, tool, but was "
                  + Canonical.quoteShort(wireName));
    };
  }
}
