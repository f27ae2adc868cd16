package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Which of an owner's conversations to list, most recently used first (by {@link
 * Conversation#updatedAt()} descending, then id ascending by Unicode code point). Immutable; the
 * {@code with…} methods return a changed copy.
 */
public final class ConversationQuery {

  /** The default number of conversations per page. */
  public static final int DEFAULT_LIMIT = 50;

  private static final ConversationQuery ALL =
      new ConversationQuery(new Fields(null, null, null, null, DEFAULT_LIMIT));

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      @Nullable ConversationStatus status,
      @Nullable String tag,
      @Nullable Boolean pinned,
      @Nullable Cursor cursor,
      int limit) {}

  private ConversationQuery(Fields fields) {
    this.fields = fields;
  }

  /** All conversations, 50 per page. */
  public static ConversationQuery all() {
    return ALL;
  }

  /** Lists only these; null for all. */
  public @Nullable ConversationStatus status() {
    return fields.status;
  }

  /** Lists only those with this tag; null for all. */
  public @Nullable String tag() {
    return fields.tag;
  }

  /** Lists only the pinned or only the others; null for all. */
  public @Nullable Boolean pinned() {
    return fields.pinned;
  }

  /** Where the page begins; null for the first page. */
  public @Nullable Cursor cursor() {
    return fields.cursor;
  }

  /** The size of a page: 1 to 1,000 conversations. */
  public int limit() {
    return fields.limit;
  }

  /** Lists only these; null for all. */
  public ConversationQuery withStatus(@Nullable ConversationStatus value) {
    return new ConversationQuery(
        new Fields(value, fields.tag, fields.pinned, fields.cursor, fields.limit));
  }

  /**
   * Lists only those with this tag; null for all.
   *
   * @param value no U+0000 and no lone surrogate
   */
  public ConversationQuery withTag(@Nullable String value) {
    return new ConversationQuery(
        new Fields(
            fields.status,
            value == null ? null : Canonical.requireClean("tag", value, Integer.MAX_VALUE),
            fields.pinned,
            fields.cursor,
            fields.limit));
  }

  /** Lists only the pinned or only the others; null for all. */
  public ConversationQuery withPinned(@Nullable Boolean value) {
    return new ConversationQuery(
        new Fields(fields.status, fields.tag, value, fields.cursor, fields.limit));
  }

  /**
   * Continues after the page that has this {@link Page#cursor()}; null begins at the first page.
   */
  public ConversationQuery withCursor(@Nullable Cursor value) {
    return new ConversationQuery(
        new Fields(fields.status, fields.tag, fields.pinned, value, fields.limit));
  }

  /**
   * Sets the size of a page.
   *
   * @param value 1 to 1,000 conversations
   */
  public ConversationQuery withLimit(int value) {
    return new ConversationQuery(
        new Fields(
            fields.status, fields.tag, fields.pinned, fields.cursor, Page.requireLimit(value)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConversationQuery that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "ConversationQuery" + fields.toString().substring("Fields".length());
  }
}
