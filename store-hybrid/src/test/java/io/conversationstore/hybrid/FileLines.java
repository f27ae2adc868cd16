package io.conversationstore.hybrid;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Describes lines of a store's files without their content. */
final class FileLines {

  private static final Pattern NUMBER = Pattern.compile("\"n\":(\\d+)");
  private static final Pattern KIND =
      Pattern.compile("\"(pending|parked|row|mirror|settled)\":\\{\"(?:change|state)\":\"(\\w+)\"");
  private static final Pattern EPOCH = Pattern.compile("\"epoch\":(\\d+)");

  private FileLines() {}

  /** The kind of the line at a position of a file. */
  static String kindAt(String file, int place) {
    int start = file.lastIndexOf('\n', place) + 1;
    int end = file.indexOf('\n', place);
    String line = file.substring(start, end < 0 ? file.length() : end);
    Matcher kind = KIND.matcher(line);
    String what = kind.find() ? kind.group(1) + " " + kind.group(2) : "another";
    return "line " + first(NUMBER, line) + ": " + what + ", epoch " + first(EPOCH, line);
  }

  private static String first(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find() ? matcher.group(1) : "?";
  }
}
