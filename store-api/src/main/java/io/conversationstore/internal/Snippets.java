package io.conversationstore.internal;

import io.conversationstore.SearchHit;
import io.conversationstore.SearchHit.Range;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.SearchTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Cuts out the part of a message that shows the match. */
final class Snippets {

  /** The length of text shown before the first match, in UTF-16 code units. */
  private static final int LEAD = 60;

  private Snippets() {}

  static SearchHit hit(StoredMessage message, Set<String> tokens) {
    Cut cut = new Cut(message.text());
    SearchTokens.scan(
        message.text(),
        true,
        (token, start, end) -> !tokens.contains(token) || cut.add(start, end));
    return new SearchHit(message, cut.snippet(), cut.matches);
  }

  /** A part of a text, placed by the first match. */
  private static final class Cut {
    private final String text;
    private final List<Range> matches = new ArrayList<>();
    private int from;
    private int to;

    Cut(String text) {
      this.text = text;
      place(0);
    }

    private void place(int firstMatch) {
      from = Math.max(0, firstMatch - LEAD);
      if (isWithinPair(from)) {
        from++;
      }
      to = Math.min(text.length(), from + SearchHit.MAX_SNIPPET_LENGTH);
      if (isWithinPair(to)) {
        to--;
      }
    }

    private boolean isWithinPair(int at) {
      return at > 0
          && at < text.length()
          && Character.isLowSurrogate(text.charAt(at))
          && Character.isHighSurrogate(text.charAt(at - 1));
    }

    /** Adds a match of the text; false if it lies beyond the part. */
    boolean add(int start, int end) {
      if (matches.isEmpty()) {
        place(start);
      }
      if (start >= to) {
        return false;
      }
      int first = start - from;
      int last = Math.min(end, to) - from;
      Range before = matches.isEmpty() ? null : matches.get(matches.size() - 1);
      if (before == null || first > before.end()) {
        matches.add(new Range(first, last));
      } else {
        // Neighbouring pairs in a script without spaces overlap and are merged into one range.
        int joined = Math.min(first, before.start());
        matches.set(matches.size() - 1, new Range(joined, Math.max(last, before.end())));
      }
      return true;
    }

    String snippet() {
      return text.substring(from, to);
    }
  }
}
