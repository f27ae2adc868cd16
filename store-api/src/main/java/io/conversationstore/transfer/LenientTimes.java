package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Times in the formats of other programs: ISO 8601 with {@code T} or a blank, with or without an
 * offset; a date alone; and seconds, milli-, micro- or nanoseconds since 1970 as a number or text.
 */
final class LenientTimes {

  private static final Pattern EPOCH = Pattern.compile("-?\\d{9,19}(\\.\\d{1,9})?");
  private static final int DATE_LENGTH = "2026-01-02".length();
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");

  // Seconds stay below this until 5138, and milliseconds exceed it since 1973.
  private static final BigDecimal MOST_SECONDS = BigDecimal.TEN.pow(11);
  private static final BigDecimal MOST_MILLIS = BigDecimal.TEN.pow(14);
  private static final BigDecimal MOST_MICROS = BigDecimal.TEN.pow(17);

  private static final int MOST_DIGITS = 60;

  private LenientTimes() {}

  /** Returns null if it is not a time, or a time outside the years 1 to 9999. */
  static @Nullable Instant of(JsonNode json, ZoneId zone) {
    Instant time;
    try {
      if (json.isNumber()) {
        time = ofEpoch(json.decimalValue());
      } else if (json.isTextual()) {
        String text = json.textValue().strip();
        time = EPOCH.matcher(text).matches() ? ofEpoch(new BigDecimal(text)) : ofText(text, zone);
      } else {
        return null;
      }
    } catch (DateTimeException | ArithmeticException notATime) {
      return null;
    }
    return time.isBefore(FIRST) || time.isAfter(LAST) ? null : time;
  }

  private static Instant ofEpoch(BigDecimal value) {
    // A short number with a large exponent may have very many digits.
    if ((long) value.precision() - value.scale() > MOST_DIGITS
        || Math.abs((long) value.scale()) > MOST_DIGITS) {
      throw new ArithmeticException("the number has too many digits for a time");
    }
    BigDecimal size = value.abs();
    int digits =
        size.compareTo(MOST_SECONDS) < 0
            ? 0
            : size.compareTo(MOST_MILLIS) < 0 ? 3 : size.compareTo(MOST_MICROS) < 0 ? 6 : 9;
    BigDecimal seconds = value.movePointLeft(digits);
    BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
    return Instant.ofEpochSecond(
        whole.longValueExact(),
        seconds.subtract(whole).movePointRight(9).setScale(0, RoundingMode.FLOOR).longValue());
  }

  private static Instant ofText(String text, ZoneId zone) {
    if (text.length() == DATE_LENGTH) {
      return LocalDate.parse(text).atStartOfDay(zone).toInstant();
    }
    int end = text.length();
    ZoneId offset = zone;
    for (int i = DATE_LENGTH + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '+' || c == '-' || c == 'Z' || c == 'z') {
        offset = ZoneOffset.of(c == 'z' ? "Z" : text.substring(i));
        end = i;
        break;
      }
    }
    StringBuilder local = new StringBuilder(text.substring(0, end).stripTrailing());
    if (local.length() > DATE_LENGTH && local.charAt(DATE_LENGTH) == ' ') {
      local.setCharAt(DATE_LENGTH, 'T');
    }
    return LocalDateTime.parse(local, DateTimeFormatter.ISO_LOCAL_DATE_TIME)
        .atZone(offset)
        .toInstant();
  }
}
