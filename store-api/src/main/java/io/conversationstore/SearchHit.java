package io.conversationstore;

import java.util.List;

/**
 * A message that a search found. Immutable.
 *
 * @param message the whole message
 * @param snippet the part of {@link StoredMessage#text()} around the first match: unchanged plain
 *     text, at most {@link #MAX_SNIPPET_LENGTH} characters, surrogate pairs kept whole
 * @param matches the places of query words in the snippet, in order, without overlaps; at least one
 */
public record SearchHit(StoredMessage message, String snippet, List<Range> matches) {

  /** The longest snippet, in UTF-16 code units. */
  public static final int MAX_SNIPPET_LENGTH = 240;

  /**
   * A part of a snippet.
   *
   * @param start index of the first character, from 0, in UTF-16 code units as in {@link
   *     String#substring}
   * @param end index after the last character
   */
  public record Range(int start, int end) {
    public Range {
      if (start < 0 || end <= start) {
        throw new IllegalArgumentException("a range must end after its start");
      }
    }
  }

  public SearchHit {
    matches = List.copyOf(matches);
  }

  /** Names the message; the snippet is content and is left out. */
  @Override
  public String toString() {
    return "SearchHit[" + message.conversationId() + "/" + message.id() + "]";
  }
}
