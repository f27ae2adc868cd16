package io.conversationstore.cli.format;

import io.conversationstore.Role;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The words of programs for the speakers. */
final class Roles {

  private static final Map<String, Role> WORDS =
      Map.ofEntries(
          Map.entry("user", Role.USER),
          Map.entry("human", Role.USER),
          Map.entry("assistant", Role.ASSISTANT),
          Map.entry("ai", Role.ASSISTANT),
          Map.entry("bot", Role.ASSISTANT),
          Map.entry("gpt", Role.ASSISTANT),
          Map.entry("chatgpt", Role.ASSISTANT),
          Map.entry("model", Role.ASSISTANT),
          Map.entry("function_call", Role.ASSISTANT),
          Map.entry("system", Role.SYSTEM),
          Map.entry("developer", Role.SYSTEM),
          Map.entry("tool", Role.TOOL),
          Map.entry("function", Role.TOOL),
          Map.entry("function_response", Role.TOOL),
          Map.entry("tool_response", Role.TOOL),
          Map.entry("observation", Role.TOOL));

  private Roles() {}

  /** Null if the word means no role. */
  static @Nullable Role of(@Nullable String word) {
    return word == null ? null : WORDS.get(word.strip().toLowerCase(Locale.ROOT));
  }
}
