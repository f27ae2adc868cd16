package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Which of an owner's conversations to list, most recently used first (by {@link
 * Conversation#updatedAt()} descending, then id ascending by Unicode code point).
 *
 * @param status only these, or null for all
 * @param tag only those with this tag, or null for all; no U+0000 and no lone surrogate
 * @param pinned only the pinned or only the others, or null for all
 * @param after continues after this page, or null for the first one
 * @param limit 1 to 1,000 conversations
 */
public record ConversationQuery(
    @Nullable ConversationStatus status,
    @Nullable String tag,
    @Nullable Boolean pinned,
    @Nullable Cursor after,
    int limit) {

  /** The default number of conversations per page. */
  public static final int DEFAULT_LIMIT = 50;

  public ConversationQuery {
    Page.requireLimit(limit);
    if (tag != null) {
      Canonical.requireClean("tag", tag, Integer.MAX_VALUE);
    }
  }

  /** All conversations, 50 per page. */
  public static ConversationQuery all() {
    return new ConversationQuery(null, null, null, null, DEFAULT_LIMIT);
  }

  public ConversationQuery status(@Nullable ConversationStatus newStatus) {
    return new ConversationQuery(newStatus, tag, pinned, after, limit);
  }

  public ConversationQuery tag(@Nullable String newTag) {
    return new ConversationQuery(status, newTag, pinned, after, limit);
  }

  public ConversationQuery pinned(@Nullable Boolean newPinned) {
    return new ConversationQuery(status, tag, newPinned, after, limit);
  }

  public ConversationQuery after(@Nullable Cursor cursor) {
    return new ConversationQuery(status, tag, pinned, cursor, limit);
  }

  public ConversationQuery limit(int newLimit) {
    return new ConversationQuery(status, tag, pinned, after, newLimit);
  }
}
