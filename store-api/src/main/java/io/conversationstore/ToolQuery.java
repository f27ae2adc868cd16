package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Lists an owner's messages that call a tool. Immutable; the {@code with…} methods return a changed
 * copy.
 */
public final class ToolQuery {

  /** The default number of messages per page. */
  public static final int DEFAULT_LIMIT = 20;

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      String toolName, @Nullable String conversationId, @Nullable Cursor cursor, int limit) {}

  private ToolQuery(Fields fields) {
    this.fields = fields;
  }

  /**
   * All of the owner's messages that call this tool, 20 per page.
   *
   * @param toolName the exact {@link ToolCall#name()}; 1 to 255 characters
   */
  public static ToolQuery of(String toolName) {
    return new ToolQuery(
        new Fields(Canonical.requireName("tool name", toolName), null, null, DEFAULT_LIMIT));
  }

  /** The exact {@link ToolCall#name()}. */
  public String toolName() {
    return fields.toolName;
  }

  /** Only in this conversation; null for all of the owner's. */
  public @Nullable String conversationId() {
    return fields.conversationId;
  }

  /** Where the page begins; null for the first page. */
  public @Nullable Cursor cursor() {
    return fields.cursor;
  }

  /** The size of a page: 1 to 1,000 messages. */
  public int limit() {
    return fields.limit;
  }

  /**
   * Sets the exact {@link ToolCall#name()}.
   *
   * @param value 1 to 255 characters
   */
  public ToolQuery withToolName(String value) {
    return new ToolQuery(
        new Fields(
            Canonical.requireName("tool name", value),
            fields.conversationId,
            fields.cursor,
            fields.limit));
  }

  /** Only in this conversation; null for all of the owner's. */
  public ToolQuery withConversationId(@Nullable String value) {
    return new ToolQuery(new Fields(fields.toolName, value, fields.cursor, fields.limit));
  }

  /**
   * Continues after the page that has this {@link Page#cursor()}; null begins at the first page.
   */
  public ToolQuery withCursor(@Nullable Cursor value) {
    return new ToolQuery(new Fields(fields.toolName, fields.conversationId, value, fields.limit));
  }

  /**
   * Sets the size of a page.
   *
   * @param value 1 to 1,000 messages
   */
  public ToolQuery withLimit(int value) {
    return new ToolQuery(
        new Fields(
            fields.toolName, fields.conversationId, fields.cursor, Page.requireLimit(value)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ToolQuery that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "ToolQuery" + fields.toString().substring("Fields".length());
  }
}
