package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreLimits;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Times as programs write them: ISO 8601 with or without an offset (then UTC), a date, or seconds,
 * milli-, micro- or nanoseconds since 1970 as a number or text.
 */
final class LenientTime {

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,20}(\\.[0-9]{1,12})?");

  /** Seconds stay below this until 5138; milliseconds are above it since 1973. */
  private static final BigDecimal MOST_SECONDS = BigDecimal.TEN.pow(11);

  private LenientTime() {}

  /** The first of these fields that holds a time; null if none does. */
  static @Nullable Instant first(JsonNode object, List<String> names) {
    for (String name : names) {
      Instant time = of(object.path(name));
      if (time != null) {
        return time;
      }
    }
    return null;
  }

  /** Null if it is not a time. */
  static @Nullable Instant of(JsonNode json) {
    if (!json.isNumber() && !json.isTextual()) {
      return null;
    }
    String text = json.asText().strip();
    try {
      Instant time =
          NUMBER.matcher(text).matches()
              ? ofEpoch(new BigDecimal(text))
              : json.isNumber() ? ofEpoch(json.decimalValue()) : ofText(text);
      boolean holdable =
          !time.isBefore(StoreLimits.EARLIEST_TIME) && !time.isAfter(StoreLimits.LATEST_TIME);
      return holdable ? time.truncatedTo(ChronoUnit.MICROS) : null;
    } catch (DateTimeException | ArithmeticException notATime) {
      return null;
    }
  }

  private static Instant ofEpoch(BigDecimal value) {
    if (Math.abs((long) value.scale()) > 40 || (long) value.precision() - value.scale() > 40) {
      throw new ArithmeticException("too many digits for a time");
    }
    BigDecimal seconds = value;
    for (int i = 0; i < 3 && seconds.abs().compareTo(MOST_SECONDS) >= 0; i++) {
      seconds = seconds.movePointLeft(3);
    }
    BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
    long nanos =
        seconds.subtract(whole).movePointRight(9).setScale(0, RoundingMode.FLOOR).longValue();
    return Instant.ofEpochSecond(whole.longValueExact(), nanos);
  }

  private static Instant ofText(String given) {
    String text =
        given.length() > 10 && given.charAt(10) == ' '
            ? given.substring(0, 10) + "T" + given.substring(11)
            : given;
    if (text.length() == 10) {
      return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    }
    boolean offset = text.substring(Math.min(11, text.length())).matches(".*[+Zz-].*");
    return offset
        ? OffsetDateTime.parse(text).toInstant()
        : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
  }
}
