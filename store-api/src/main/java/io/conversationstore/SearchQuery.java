package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Searches an owner's messages for texts that contain every word of {@link #text()}, in any order
 * and ignoring case. Words are runs of letters and digits and match as a whole ({@code cat} does
 * not find {@code cats}). In scripts written without spaces, any part of the text matches. All
 * other characters separate words. See {@code docs/search.md}. Immutable; the {@code with…} methods
 * return a changed copy.
 */
public final class SearchQuery {

  /** The default number of hits per page. */
  public static final int DEFAULT_LIMIT = 20;

  /** The longest text, in UTF-16 code units. */
  public static final int MAX_TEXT_LENGTH = 1_000;

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      String text,
      @Nullable String conversationId,
      @Nullable Role role,
      @Nullable Cursor cursor,
      int limit) {}

  private SearchQuery(Fields fields) {
    this.fields = fields;
  }

  /**
   * All of the owner's messages that contain these words, 20 per page.
   *
   * @param text 1 to 1,000 characters (UTF-16 code units) with at least one letter or digit
   * @throws IllegalArgumentException if the text is empty or too long; the error text never shows
   *     the text
   */
  public static SearchQuery of(String text) {
    return new SearchQuery(new Fields(requireText(text), null, null, null, DEFAULT_LIMIT));
  }

  private static String requireText(String text) {
    if (text.isEmpty() || text.length() > MAX_TEXT_LENGTH) {
      throw new IllegalArgumentException(
          "the text of a search must have 1 to "
              + MAX_TEXT_LENGTH
              + " characters, but has "
              + text.length());
    }
    return text;
  }

  /** The words. */
  public String text() {
    return fields.text;
  }

  /** Only in this conversation; null for all of the owner's. */
  public @Nullable String conversationId() {
    return fields.conversationId;
  }

  /** Only messages of this role; null for all. */
  public @Nullable Role role() {
    return fields.role;
  }

  /** Where the page begins; null for the first page. */
  public @Nullable Cursor cursor() {
    return fields.cursor;
  }

  /** The size of a page: 1 to 1,000 hits. */
  public int limit() {
    return fields.limit;
  }

  /**
   * Sets the words.
   *
   * @throws IllegalArgumentException as of {@link #of}
   */
  public SearchQuery withText(String value) {
    return new SearchQuery(
        new Fields(
            requireText(value), fields.conversationId, fields.role, fields.cursor, fields.limit));
  }

  /** Only in this conversation; null for all of the owner's. */
  public SearchQuery withConversationId(@Nullable String value) {
    return new SearchQuery(
        new Fields(fields.text, value, fields.role, fields.cursor, fields.limit));
  }

  /** Only messages of this role; null for all. */
  public SearchQuery withRole(@Nullable Role value) {
    return new SearchQuery(
        new Fields(fields.text, fields.conversationId, value, fields.cursor, fields.limit));
  }

  /**
   * Continues after the page that has this {@link Page#cursor()}; null begins at the first page.
   */
  public SearchQuery withCursor(@Nullable Cursor value) {
    return new SearchQuery(
        new Fields(fields.text, fields.conversationId, fields.role, value, fields.limit));
  }

  /**
   * Sets the size of a page.
   *
   * @param value 1 to 1,000 hits
   */
  public SearchQuery withLimit(int value) {
    return new SearchQuery(
        new Fields(
            fields.text,
            fields.conversationId,
            fields.role,
            fields.cursor,
            Page.requireLimit(value)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SearchQuery that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  /** Leaves out the text, which is content. */
  @Override
  public String toString() {
    return "SearchQuery["
        + fields.text.length()
        + " characters"
        + (fields.conversationId == null ? "" : " in " + fields.conversationId)
        + (fields.role == null ? "" : ", " + fields.role)
        + ", limit "
        + fields.limit
        + "]";
  }
}
