package io.conversationstore.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text for a terminal: wrapped, cut, and without control characters of its own. */
final class Text {

  private Text() {}

  /**
   * Replaces the characters that move a cursor, set colours or reverse the line, except line breaks
   * and tabs: stored text must not control the terminal.
   */
  static String safe(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\t') {
                safe.append("    ");
              } else if (c == '\n') {
                safe.append('\n');
              } else if (Character.getType(c) == Character.CONTROL
                  || (Character.getType(c) == Character.FORMAT && isDirection(c))) {
                if (c != '\r') {
                  safe.append('\uFFFD');
                }
              } else {
                safe.appendCodePoint(c);
              }
            });
    return safe.toString();
  }

  private static boolean isDirection(int c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  }

  /** The text on one line. */
  static String oneLine(String text) {
    return safe(text).strip().replaceAll("\\s+", " ");
  }

  /** Cuts to a number of columns, with an ellipsis. */
  static String cut(String text, int columns) {
    if (columns(text) <= columns) {
      return text;
    }
    StringBuilder cut = new StringBuilder();
    int used = 0;
    for (int c : text.codePoints().toArray()) {
      int width = columns(c);
      if (used + width > columns - 1) {
        break;
      }
      cut.appendCodePoint(c);
      used += width;
    }
    return cut + "…";
  }

  /** Cuts and fills up to a number of columns. */
  static String fit(String text, int columns) {
    String cut = cut(text, columns);
    return cut + " ".repeat(Math.max(0, columns - columns(cut)));
  }

  /** Wraps each line at blanks; a longer word is broken. */
  static List<String> wrap(String text, int columns) {
    List<String> lines = new ArrayList<>();
    for (String line : safe(text).split("\n", -1)) {
      wrapLine(line, columns, lines);
    }
    return lines;
  }

  private static void wrapLine(String line, int columns, List<String> lines) {
    StringBuilder row = new StringBuilder();
    int used = 0;
    int blank = -1;
    for (int c : line.codePoints().toArray()) {
      int width = columns(c);
      if (used + width > columns && !row.isEmpty()) {
        if (c == ' ') {
          lines.add(row.toString());
          row.setLength(0);
          used = 0;
          blank = -1;
          continue;
        }
        String rest = blank > 0 ? row.substring(blank + 1) : "";
        lines.add(blank > 0 ? row.substring(0, blank) : row.toString());
        row.setLength(0);
        row.append(rest);
        used = columns(rest);
        blank = -1;
      }
      if (c == ' ' && !row.toString().isBlank()) {
        blank = row.length();
      }
      row.appendCodePoint(c);
      used += width;
    }
    lines.add(row.toString().stripTrailing());
  }

  /** The width of a text in a terminal. */
  static int columns(String text) {
    return text.codePoints().map(Text::columns).sum();
  }

  private static int columns(int c) {
    int type = Character.getType(c);
    if (type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT) {
      return 0;
    }
    boolean wide =
        (c >= 0x1100 && c <= 0x115F)
            || (c >= 0x2E80 && c <= 0xA4CF)
            || (c >= 0xAC00 && c <= 0xD7A3)
            || (c >= 0xF900 && c <= 0xFAFF)
            || (c >= 0xFE30 && c <= 0xFE6F)
            || (c >= 0xFF00 && c <= 0xFF60)
            || (c >= 0xFFE0 && c <= 0xFFE6)
            || (c >= 0x1F300 && c <= 0x1FAFF)
            || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
  }

  /** A count with its noun, as in "1 message" and "2,000 messages". */
  static String count(long count, String noun) {
    return String.format(Locale.ROOT, "%,d %s%s", count, noun, count == 1 ? "" : "s");
  }

  /** A size in bytes for people. */
  static String size(long bytes) {
    if (bytes < 1_000) {
      return bytes + " bytes";
    }
    double value = bytes;
    String[] units = {"kB", "MB", "GB", "TB"};
    int unit = -1;
    while (value >= 999.95 && unit < units.length - 1) {
      value /= 1_000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }
}
