package io.conversationstore;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The immutable content of a message, before and after it is stored.
 *
 * <p>A plain text message is one call: {@code Message.user("Hello")}. The {@code with…} methods
 * return a changed copy. Lists and maps are copied and unmodifiable.
 *
 * <p>Creating a message brings text and JSON into one canonical form, and every store returns the
 * same: U+0000 and lone surrogates become U+FFFD (PostgreSQL can hold neither), JSON objects have
 * sorted keys without duplicates, and a number has one spelling ({@code 1.0} is {@code 1}):
 * integers that fit are {@link Long}, other numbers {@link java.math.BigDecimal}.
 *
 * @param id the message's identity, which makes an append idempotent; chosen by the caller, or null
 *     until the append sets a UUIDv7
 * @param role the speaker's role
 * @param content the parts in order; may be empty, for instance if the message only calls tools
 * @param toolCalls the tools that an assistant message calls, in order
 * @param toolCallId for a tool's result: the {@link ToolCall#id()} of the call; any text
 * @param name the speaker's or the tool's name, up to 255 characters
 * @param toolError for a tool's result: whether the tool failed
 * @param model the model that made the message, up to 255 characters
 * @param usage tokens of the model call; added up in {@link Conversation#usage()}
 * @param metadata any JSON object of the application
 */
public record Message(
    @Nullable UUID id,
    Role role,
    List<ContentPart> content,
    List<ToolCall> toolCalls,
    @Nullable String toolCallId,
    @Nullable String name,
    boolean toolError,
    @Nullable String model,
    @Nullable TokenUsage usage,
    Map<String, @Nullable Object> metadata) {

  /** Types of parts that hold a model's reasoning. */
  private static final Pattern THOUGHTS = Pattern.compile("reasoning|thinking|thought");

  /**
   * @throws IllegalArgumentException if a name is too long or empty, a token count exceeds {@link
   *     TokenUsage#MAX_PER_MESSAGE}, or metadata is not JSON; the error text never shows content
   */
  public Message {
    content = List.copyOf(content);
    toolCalls = List.copyOf(toolCalls);
    toolCallId = toolCallId == null ? null : Canonical.text(toolCallId);
    if (name != null) {
      Canonical.requireName("name", name);
    }
    if (model != null) {
      Canonical.requireName("model", model);
    }
    if (usage != null) {
      usage.requireOfOneMessage();
    }
    metadata = Canonical.object("metadata", metadata);
  }

  /** A message with these parts and nothing else. */
  public static Message of(Role role, ContentPart... parts) {
    return new Message(
        null, role, List.of(parts), List.of(), null, null, false, null, null, Map.of());
  }

  /** A message of plain text. */
  public static Message of(Role role, String text) {
    return of(role, new ContentPart.Text(text));
  }

  public static Message system(String text) {
    return of(Role.SYSTEM, text);
  }

  public static Message user(String text) {
    return of(Role.USER, text);
  }

  public static Message assistant(String text) {
    return of(Role.ASSISTANT, text);
  }

  /** An assistant message that only calls tools. */
  public static Message calling(ToolCall... toolCalls) {
    return of(Role.ASSISTANT).withToolCalls(toolCalls);
  }

  /** A tool's result for the call with this id. */
  public static Message toolResult(String toolCallId, String toolName, String text) {
    return new Message(
        null,
        Role.TOOL,
        List.of(new ContentPart.Text(text)),
        List.of(),
        toolCallId,
        toolName,
        false,
        null,
        null,
        Map.of());
  }

  /**
   * The text parts, joined without a separator; empty if there are none. Parts of an unknown type,
   * such as {@code output_text}, contribute their {@code text} or, if that is an object, its {@code
   * value}. A model's reasoning is left out.
   */
  public String text() {
    if (content.size() == 1 && content.get(0) instanceof ContentPart.Text only) {
      return only.text();
    }
    return content.stream().map(Message::textOf).collect(Collectors.joining());
  }

  private static String textOf(ContentPart part) {
    if (part instanceof ContentPart.Text text) {
      return text.text();
    }
    return part instanceof ContentPart.Unknown unknown ? textOf(unknown.json()) : "";
  }

  private static String textOf(Map<String, @Nullable Object> part) {
    if (Boolean.TRUE.equals(part.get("thought"))
        || (part.get("type") instanceof String type && THOUGHTS.matcher(type).find())) {
      return "";
    }
    Object text = part.get("text");
    if (text instanceof Map<?, ?> annotated) {
      text = annotated.get("value");
    }
    return text instanceof String string ? string : "";
  }

  public Message withId(@Nullable UUID newId) {
    return new Message(
        newId, role, content, toolCalls, toolCallId, name, toolError, model, usage, metadata);
  }

  public Message withContent(List<ContentPart> newContent) {
    return new Message(
        id, role, newContent, toolCalls, toolCallId, name, toolError, model, usage, metadata);
  }

  public Message withToolCalls(ToolCall... newToolCalls) {
    return new Message(
        id,
        role,
        content,
        List.of(newToolCalls),
        toolCallId,
        name,
        toolError,
        model,
        usage,
        metadata);
  }

  public Message withName(@Nullable String newName) {
    return new Message(
        id, role, content, toolCalls, toolCallId, newName, toolError, model, usage, metadata);
  }

  /** The same tool result, marked as a failure of the tool. */
  public Message withToolError() {
    return new Message(
        id, role, content, toolCalls, toolCallId, name, true, model, usage, metadata);
  }

  public Message withModel(@Nullable String newModel, @Nullable TokenUsage newUsage) {
    return new Message(
        id, role, content, toolCalls, toolCallId, name, toolError, newModel, newUsage, metadata);
  }

  public Message withMetadata(Map<String, ? extends @Nullable Object> newMetadata) {
    return new Message(
        id,
        role,
        content,
        toolCalls,
        toolCallId,
        name,
        toolError,
        model,
        usage,
        Canonical.object("metadata", newMetadata));
  }

  /** Names the message without its content. */
  @Override
  public String toString() {
    return "Message["
        + role.wireName()
        + (id == null ? "" : " " + id)
        + ", "
        + content.size()
        + " parts, "
        + toolCalls.size()
        + " tool calls]";
  }
}
