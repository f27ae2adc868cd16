package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Searches an owner's messages for texts that contain every word of {@code text}, in any order and
 * ignoring case. Words are runs of letters and digits and match as a whole ({@code cat} does not
 * find {@code cats}). In scripts written without spaces, any part of the text matches. All other
 * characters separate words. See {@code docs/search.md}.
 *
 * @param text 1 to 1,000 characters (UTF-16 code units) with at least one letter or digit
 * @param conversationId only in this conversation, or null for all of the owner's
 * @param role only messages of this role, or null for all
 * @param after continues after this page, or null for the first one
 * @param limit 1 to 1,000 hits
 */
public record SearchQuery(
    String text,
    @Nullable String conversationId,
    @Nullable Role role,
    @Nullable Cursor after,
    int limit) {

  /** The default number of hits per page. */
  public static final int DEFAULT_LIMIT = 20;

  /** The longest text, in UTF-16 code units. */
  public static final int MAX_TEXT_LENGTH = 1_000;

  /**
   * @throws IllegalArgumentException if the text is empty or too long, or the limit is out of
   *     range; the error text never shows the text
   */
  public SearchQuery {
    if (text.isEmpty() || text.length() > MAX_TEXT_LENGTH) {
      throw new IllegalArgumentException(
          "the text of a search must have 1 to "
              + MAX_TEXT_LENGTH
              + " characters, but has "
              + text.length());
    }
    Page.requireLimit(limit);
  }

  /** All of the owner's messages that contain these words, 20 per page. */
  public static SearchQuery of(String text) {
    return new SearchQuery(text, null, null, null, DEFAULT_LIMIT);
  }

  public SearchQuery in(@Nullable String newConversationId) {
    return new SearchQuery(text, newConversationId, role, after, limit);
  }

  public SearchQuery role(@Nullable Role newRole) {
    return new SearchQuery(text, conversationId, newRole, after, limit);
  }

  public SearchQuery after(@Nullable Cursor cursor) {
    return new SearchQuery(text, conversationId, role, cursor, limit);
  }

  public SearchQuery limit(int newLimit) {
    return new SearchQuery(text, conversationId, role, after, newLimit);
  }

  /** Leaves out the text, which is content. */
  @Override
  public String toString() {
    return "SearchQuery["
        + text.length()
        + " characters"
        + (conversationId == null ? "" : " in " + conversationId)
        + (role == null ? "" : ", " + role)
        + ", limit "
        + limit
        + "]";
  }
}
