package io.conversationstore;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings text and JSON into the form that all stores can hold. Values that PostgreSQL's TEXT and
 * JSONB would reject or change are changed here before they are stored. Every store then returns
 * the same.
 */
final class Canonical {

  private static final char REPLACEMENT = '\uFFFD';

  private static final int MAX_DEPTH = StoreLimits.MAX_JSON_DEPTH;
  private static final int MAX_NUMBER_DIGITS = StoreLimits.MAX_NUMBER_DIGITS;

  private Canonical() {}

  /** Content: U+0000 and lone surrogates become U+FFFD. Returns the same string if it is clean. */
  static String text(String value) {
    int dirty = firstDirty(value);
    if (dirty < 0) {
      return value;
    }
    StringBuilder clean = new StringBuilder(value);
    for (int i = dirty; i < clean.length(); i++) {
      char c = clean.charAt(i);
      if (c == 0) {
        clean.setCharAt(i, REPLACEMENT);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < clean.length()
          && Character.isLowSurrogate(clean.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        clean.setCharAt(i, REPLACEMENT);
      }
    }
    return clean.toString();
  }

  private static int firstDirty(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == 0) {
        return i;
      }
      if (Character.isSurrogate(c)) {
        if (Character.isHighSurrogate(c)
            && i + 1 < value.length()
            && Character.isLowSurrogate(value.charAt(i + 1))) {
          i++;
        } else {
          return i;
        }
      }
    }
    return -1;
  }

  /** Ids are rejected, not repaired: a repaired id could be the id of another item. */
  static String requireIdentifier(String what, String value) {
    requireName(what, value);
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + " must not be blank");
    }
    return value;
  }

  static String requireName(String what, String value) {
    if (value.isEmpty()) {
      throw new IllegalArgumentException(what + " must not be empty");
    }
    return requireClean(what, value, Owner.MAX_ID_LENGTH);
  }

  static String requireClean(String what, String value, int maxLength) {
    if (value.length() > maxLength) {
      throw new IllegalArgumentException(
          what + " must be at most " + maxLength + " characters, but has " + value.length());
    }
    int dirty = firstDirty(value);
    if (dirty >= 0) {
      throw new IllegalArgumentException(
          what + " must not contain U+0000 or a lone surrogate, but has one at index " + dirty);
    }
    return value;
  }

  /** For error texts about settings and wire names: short and without control characters. */
  static String quoteShort(String value) {
    String shown = value.length() > 40 ? value.substring(0, 40) + "…" : value;
    return '"' + shown.replaceAll("\\p{Cntrl}", "?") + '"';
  }

  /**
   * All times have microseconds, as PostgreSQL's {@code timestamptz} does, and a year of four
   * digits, as JSON needs.
   */
  static Instant time(String what, Instant instant) {
    if (instant.isBefore(StoreLimits.EARLIEST_TIME)
        || instant.getEpochSecond() > StoreLimits.LATEST_TIME.getEpochSecond()) {
      throw new IllegalArgumentException(
          what + " must be in the years 1 to 9999, but was " + instant);
    }
    return instant.truncatedTo(ChronoUnit.MICROS);
  }

  /**
   * An immutable deep copy with sorted keys and numbers in one spelling: integers that fit are
   * {@link Long}, all others {@link BigDecimal} without trailing zeros and without an exponent.
   */
  static Map<String, @Nullable Object> object(
      String what, Map<String, ? extends @Nullable Object> json) {
    if (json.isEmpty()) {
      return Map.of();
    }
    return object(what, json, 1);
  }

  private static Map<String, @Nullable Object> object(String what, Map<?, ?> json, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(what + " is nested deeper than " + MAX_DEPTH + " levels");
    }
    TreeMap<String, @Nullable Object> sorted = new TreeMap<>();
    for (Map.Entry<?, ?> entry : json.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new IllegalArgumentException(what + " has a key that is not a string");
      }
      sorted.put(text(key), value(what, entry.getValue(), depth));
    }
    return Collections.unmodifiableMap(new LinkedHashMap<>(sorted));
  }

  private static @Nullable Object value(String what, @Nullable Object value, int depth) {
    if (value == null || value instanceof Boolean) {
      return value;
    }
    if (value instanceof CharSequence chars) {
      return text(chars.toString());
    }
    if (value instanceof Number number) {
      return number(what, number);
    }
    if (value instanceof Map<?, ?> map) {
      return object(what, map, depth + 1);
    }
    if (value instanceof Collection<?> collection) {
      if (depth >= MAX_DEPTH) {
        throw new IllegalArgumentException(
            what + " is nested deeper than " + MAX_DEPTH + " levels");
      }
      List<@Nullable Object> list = new ArrayList<>(collection.size());
      for (Object element : collection) {
        list.add(value(what, element, depth + 1));
      }
      return Collections.unmodifiableList(list);
    }
    throw new IllegalArgumentException(
        what
            + " contains a "
            + value.getClass().getName()
            + ", which has no JSON form; use String, Boolean, Number, List, Map or null");
  }

  private static Object number(String what, Number number) {
    if (number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte) {
      return number.longValue();
    }
    BigDecimal decimal;
    if (number instanceof BigDecimal bigDecimal) {
      decimal = bigDecimal;
    } else if (number instanceof BigInteger bigInteger) {
      decimal = new BigDecimal(bigInteger);
    } else if (number instanceof Double || number instanceof Float) {
      if (!Double.isFinite(number.doubleValue())) {
        throw new IllegalArgumentException(
            what + " contains NaN or infinity, which JSON does not allow");
      }
      decimal = new BigDecimal(number.toString());
    } else {
      throw new IllegalArgumentException(
          what + " contains a " + number.getClass().getName() + ", which has no JSON form");
    }
    if ((long) decimal.precision() + Math.abs((long) decimal.scale()) > MAX_NUMBER_DIGITS) {
      throw new IllegalArgumentException(
          what + " contains a number with more than " + MAX_NUMBER_DIGITS + " digits");
    }
    decimal = decimal.stripTrailingZeros();
    if (decimal.scale() <= 0) {
      BigInteger integer = decimal.toBigInteger();
      return integer.bitLength() < Long.SIZE
          ? (Object) integer.longValue()
          : new BigDecimal(integer);
    }
    return decimal;
  }
}
