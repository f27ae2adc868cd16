package io.conversationstore;

/**
 * A tool call that an assistant message requests.
 *
 * @param id the id that the tool's result refers to, as the provider gave it: any text, which may
 *     be empty or long; U+0000 and lone surrogates become U+FFFD
 * @param type the kind of tool, {@code function} in today's APIs; 1 to 255 characters
 * @param name the tool's name; 1 to 255 characters
 * @param arguments the exact text that the model produced, possibly invalid JSON; kept unchanged,
 *     except that U+0000 and lone surrogates become U+FFFD
 */
public record ToolCall(String id, String type, String name, String arguments) {

  public ToolCall {
    id = Canonical.text(id);
    Canonical.requireName("tool call type", type);
    Canonical.requireName("tool name", name);
    arguments = Canonical.text(arguments);
  }

  /** A call of the function {@code name}. */
  public static ToolCall function(String id, String name, String arguments) {
    return new ToolCall(id, "function", name, arguments);
  }

  /** Names the tool; the arguments are content and are left out. */
  @Override
  public String toString() {
    return "ToolCall[" + name + "]";
  }
}
