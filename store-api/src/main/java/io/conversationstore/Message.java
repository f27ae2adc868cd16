package io.conversationstore;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The immutable content of a message, before and after it is stored.
 *
 * <p>A plain text message is one call: {@code Message.user("Hello")}. A factory begins a message,
 * and the {@code with…} methods return a changed copy. Lists and maps are copied and unmodifiable.
 *
 * <p>Creating a message brings text and JSON into one canonical form, and every store returns the
 * same: U+0000 and lone surrogates become U+FFFD (PostgreSQL can hold neither), JSON objects have
 * sorted keys without duplicates, and a number has one spelling ({@code 1.0} is {@code 1}):
 * integers that fit are {@link Long}, other numbers {@link java.math.BigDecimal}.
 */
public final class Message {

  /** Types of parts that hold a model's reasoning. */
  private static final Pattern THOUGHTS = Pattern.compile("reasoning|thinking|thought");

  private final @Nullable UUID id;
  private final Role role;
  private final List<ContentPart> content;
  private final List<ToolCall> toolCalls;
  private final @Nullable String toolCallId;
  private final @Nullable String name;
  private final boolean toolError;
  private final @Nullable String model;
  private final @Nullable TokenUsage usage;
  private final Map<String, @Nullable Object> metadata;

  /** All values are immutable, checked and canonical. */
  private Message(
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
    this.id = id;
    this.role = role;
    this.content = content;
    this.toolCalls = toolCalls;
    this.toolCallId = toolCallId;
    this.name = name;
    this.toolError = toolError;
    this.model = model;
    this.usage = usage;
    this.metadata = metadata;
  }

  /** A message with these parts and nothing else. */
  public static Message of(Role role, ContentPart... parts) {
    return new Message(
        null,
        Objects.requireNonNull(role, "role"),
        List.of(parts),
        List.of(),
        null,
        null,
        false,
        null,
        null,
        Map.of());
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
    return of(Role.TOOL, text).withToolCallId(toolCallId).withName(toolName);
  }

  /**
   * The message's identity, which makes an append idempotent; chosen by the caller, or null until
   * the append sets a UUIDv7.
   */
  public @Nullable UUID id() {
    return id;
  }

  /** The speaker's role. */
  public Role role() {
    return role;
  }

  /** The parts in order; may be empty, for instance if the message only calls tools. */
  public List<ContentPart> content() {
    return content;
  }

  /** The tools that an assistant message calls, in order. */
  public List<ToolCall> toolCalls() {
    return toolCalls;
  }

  /** For a tool's result: the {@link ToolCall#id()} of the call; any text. */
  public @Nullable String toolCallId() {
    return toolCallId;
  }

  /** The speaker's or the tool's name, 1 to 255 characters. */
  public @Nullable String name() {
    return name;
  }

  /** For a tool's result: whether the tool failed. */
  public boolean toolError() {
    return toolError;
  }

  /** The model that made the message, 1 to 255 characters. */
  public @Nullable String model() {
    return model;
  }

  /** Tokens of the model call; added up in {@link Conversation#usage()}. */
  public @Nullable TokenUsage usage() {
    return usage;
  }

  /** Any JSON object of the application. */
  public Map<String, @Nullable Object> metadata() {
    return metadata;
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

  /** Sets the message's identity; null lets the append choose it. */
  public Message withId(@Nullable UUID newId) {
    if (Objects.equals(newId, id)) {
      return this;
    }
    return new Message(
        newId, role, content, toolCalls, toolCallId, name, toolError, model, usage, metadata);
  }

  public Message withRole(Role newRole) {
    return new Message(
        id,
        Objects.requireNonNull(newRole, "role"),
        content,
        toolCalls,
        toolCallId,
        name,
        toolError,
        model,
        usage,
        metadata);
  }

  public Message withContent(ContentPart... newContent) {
    return withContent(List.of(newContent));
  }

  public Message withContent(List<ContentPart> newContent) {
    return new Message(
        id,
        role,
        List.copyOf(newContent),
        toolCalls,
        toolCallId,
        name,
        toolError,
        model,
        usage,
        metadata);
  }

  public Message withToolCalls(ToolCall... newToolCalls) {
    return withToolCalls(List.of(newToolCalls));
  }

  public Message withToolCalls(List<ToolCall> newToolCalls) {
    return new Message(
        id,
        role,
        content,
        List.copyOf(newToolCalls),
        toolCallId,
        name,
        toolError,
        model,
        usage,
        metadata);
  }

  /** For a tool's result: sets the {@link ToolCall#id()} of the call; any text. */
  public Message withToolCallId(@Nullable String newToolCallId) {
    if (Objects.equals(newToolCallId, toolCallId)) {
      return this;
    }
    return new Message(
        id,
        role,
        content,
        toolCalls,
        newToolCallId == null ? null : Canonical.text(newToolCallId),
        name,
        toolError,
        model,
        usage,
        metadata);
  }

  /**
   * Sets the speaker's or the tool's name.
   *
   * @throws IllegalArgumentException if it does not have 1 to 255 characters, or has U+0000 or a
   *     lone surrogate
   */
  public Message withName(@Nullable String newName) {
    if (Objects.equals(newName, name)) {
      return this;
    }
    if (newName != null) {
      Canonical.requireName("name", newName);
    }
    return new Message(
        id, role, content, toolCalls, toolCallId, newName, toolError, model, usage, metadata);
  }

  /** For a tool's result: sets whether the tool failed. */
  public Message withToolError(boolean failed) {
    if (failed == toolError) {
      return this;
    }
    return new Message(
        id, role, content, toolCalls, toolCallId, name, failed, model, usage, metadata);
  }

  /**
   * Sets the model that made the message.
   *
   * @throws IllegalArgumentException if it does not have 1 to 255 characters, or has U+0000 or a
   *     lone surrogate
   */
  public Message withModel(@Nullable String newModel) {
    if (Objects.equals(newModel, model)) {
      return this;
    }
    if (newModel != null) {
      Canonical.requireName("model", newModel);
    }
    return new Message(
        id, role, content, toolCalls, toolCallId, name, toolError, newModel, usage, metadata);
  }

  /**
   * Sets the tokens of the model call.
   *
   * @throws IllegalArgumentException if a count exceeds {@link TokenUsage#MAX_PER_MESSAGE}
   */
  public Message withUsage(@Nullable TokenUsage newUsage) {
    if (Objects.equals(newUsage, usage)) {
      return this;
    }
    if (newUsage != null) {
      newUsage.requireOfOneMessage();
    }
    return new Message(
        id, role, content, toolCalls, toolCallId, name, toolError, model, newUsage, metadata);
  }

  /**
   * Replaces the metadata as a whole.
   *
   * @throws IllegalArgumentException if it is not JSON; the error text never shows content
   */
  public Message withMetadata(Map<String, ? extends @Nullable Object> newMetadata) {
    if (newMetadata.isEmpty() && metadata.isEmpty()) {
      return this;
    }
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

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof Message that
            && Objects.equals(id, that.id)
            && role == that.role
            && content.equals(that.content)
            && toolCalls.equals(that.toolCalls)
            && Objects.equals(toolCallId, that.toolCallId)
            && Objects.equals(name, that.name)
            && toolError == that.toolError
            && Objects.equals(model, that.model)
            && Objects.equals(usage, that.usage)
            && metadata.equals(that.metadata));
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        id, role, content, toolCalls, toolCallId, name, toolError, model, usage, metadata);
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
