package io.conversationstore.json;

import io.conversationstore.StoreLimits;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Times in the product's only format, {@code 2026-01-02T03:04:05.000006Z}. Each line of a log holds
 * two or three, and a general formatter takes longer for one than the parser for the line.
 * Thread-safe.
 */
final class JsonTime {
  private static final String SHAPE = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  private static final int SECONDS_A_DAY = 86_400;

  /** Years outside four digits, with a sign as ISO 8601 requires. */
  private static final Pattern OUTSIDE =
      Pattern.compile("([+-])\\d{4,10}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z");

  /** Years of four digits. */
  private static final long FIRST = LocalDate.of(0, 1, 1).toEpochDay() * SECONDS_A_DAY;

  private static final long END = LocalDate.of(10_000, 1, 1).toEpochDay() * SECONDS_A_DAY;

  private JsonTime() {}

  /**
   * With six decimals; further digits are cut off. A time outside the years of four digits becomes
   * the nearest time within, which can be read.
   */
  static String format(Instant instant) {
    long second = instant.getEpochSecond();
    if (second < FIRST) {
      return format(StoreLimits.EARLIEST_TIME);
    }
    if (second >= END) {
      return format(StoreLimits.LATEST_TIME);
    }
    LocalDate day = LocalDate.ofEpochDay(Math.floorDiv(second, (long) SECONDS_A_DAY));
    int time = (int) Math.floorMod(second, (long) SECONDS_A_DAY);
    StringBuilder text = new StringBuilder(SHAPE.length());
    digits(text, day.getYear(), 1_000).append('-');
    digits(text, day.getMonthValue(), 10).append('-');
    digits(text, day.getDayOfMonth(), 10).append('T');
    digits(text, time / 3_600, 10).append(':');
    digits(text, time / 60 % 60, 10).append(':');
    digits(text, time % 60, 10).append('.');
    return digits(text, instant.getNano() / 1_000, 100_000).append('Z').toString();
  }

  private static StringBuilder digits(StringBuilder text, int value, int highest) {
    for (int unit = highest; unit > 0; unit /= 10) {
      text.append((char) ('0' + value / unit % 10));
    }
    return text;
  }

  /** Null if the text has another format or no such time exists. */
  static @Nullable Instant parse(String text) {
    if (text.length() != SHAPE.length()) {
      return null;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean fits = SHAPE.charAt(i) == 'd' ? c >= '0' && c <= '9' : c == SHAPE.charAt(i);
      if (!fits) {
        return null;
      }
    }
    int year = number(text, 0, 4);
    int month = number(text, 5, 7);
    int day = number(text, 8, 10);
    int hour = number(text, 11, 13);
    int minute = number(text, 14, 16);
    int second = number(text, 17, 19);
    if (month < 1
        || month > 12
        || day < 1
        || day > YearMonth.of(year, month).lengthOfMonth()
        || hour > 23
        || minute > 59
        || second > 59) {
      return null;
    }
    long seconds =
        LocalDate.of(year, month, day).toEpochDay() * SECONDS_A_DAY
            + hour * 3_600L
            + minute * 60L
            + second;
    return Instant.ofEpochSecond(seconds, number(text, 20, 26) * 1_000L);
  }

  /** The nearest time within the limits for a time outside them; null for all other texts. */
  static @Nullable Instant limit(String text) {
    Matcher matcher = OUTSIDE.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    return matcher.group(1).equals("+") ? StoreLimits.LATEST_TIME : StoreLimits.EARLIEST_TIME;
  }

  private static int number(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      number = number * 10 + text.charAt(i) - '0';
    }
    return number;
  }
}
