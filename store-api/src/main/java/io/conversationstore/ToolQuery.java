package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Lists an owner's messages that call a tool.
 *
 * @param toolName the exact {@link ToolCall#name()}; 1 to 255 characters
 * @param conversationId only in this conversation, or null for all of the owner's
 * @param after continues after this page, or null for the first one
 * @param limit 1 to 1,000 messages
 */
public record ToolQuery(
    String toolName, @Nullable String conversationId, @Nullable Cursor after, int limit) {

  /** The default number of messages per page. */
  public static final int DEFAULT_LIMIT = 20;

  public ToolQuery {
    Canonical.requireName("tool name", toolName);
    Page.requireLimit(limit);
  }

  /** All of the owner's messages that call this tool, 20 per page. */
  public static ToolQuery of(String toolName) {
    return new ToolQuery(toolName, null, null, DEFAULT_LIMIT);
  }

  public ToolQuery in(@Nullable String newConversationId) {
    return new ToolQuery(toolName, newConversationId, after, limit);
  }

  public ToolQuery after(@Nullable Cursor cursor) {
    return new ToolQuery(toolName, conversationId, cursor, limit);
  }

  public ToolQuery limit(int newLimit) {
    return new ToolQuery(toolName, conversationId, after, newLimit);
  }
}
