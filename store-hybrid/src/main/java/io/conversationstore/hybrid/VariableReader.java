package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and checks environment variables. A malformed value is a {@link
 * StoreConfigurationException} that names the variable and the allowed values, and never shows the
 * value. Immutable.
 */
final class VariableReader {

  /** A day. */
  private static final int MOST_MILLIS = 86_400_000;

  private static final long MEGABYTE = 1_000_000;

  private final Map<String, String> environment;

  VariableReader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** The value without surrounding blanks; null if not set. An empty value counts as not set. */
  @Nullable String text(Variable variable) {
    String value = environment.get(variable.name());
    return value == null || value.isBlank() ? null : value.strip();
  }

  boolean isSet(Variable variable) {
    return text(variable) != null;
  }

  /** A whole number; {@code standard}, which may be outside the range, if not set. */
  int number(Variable variable, int least, int most, int standard) {
    return number(variable, least, most, standard, "");
  }

  /**
   * @param otherwise other allowed values, for the error text
   */
  private int number(Variable variable, int least, int most, int standard, String otherwise) {
    String text = text(variable);
    if (text == null) {
      return standard;
    }
    int number;
    try {
      number = Integer.parseInt(text);
    } catch (NumberFormatException notANumber) {
      throw malformed(
          variable, "it is not a whole number; it must be " + least + " to " + most + otherwise);
    }
    if (number < least || number > most) {
      throw malformed(variable, "it must be " + least + " to " + most + otherwise);
    }
    return number;
  }

  /** Whole milliseconds up to a day; null if not set. */
  @Nullable Duration millis(Variable variable, int least) {
    int millis = number(variable, least, MOST_MILLIS, -1);
    return millis < 0 ? null : Duration.ofMillis(millis);
  }

  /** Whole seconds; null if not set. */
  @Nullable Duration seconds(Variable variable, int least, int most) {
    int seconds = number(variable, least, most, -1);
    return seconds < 0 ? null : Duration.ofSeconds(seconds);
  }

  /** Whole days; null if not set. */
  @Nullable Duration days(Variable variable, int least, int most) {
    int days = number(variable, least, most, -1);
    return days < 0 ? null : Duration.ofDays(days);
  }

  /** Whole megabytes of 1,000,000 bytes, in bytes; {@code standard} if not set. */
  long megabytes(Variable variable, int least, int most, long standard) {
    int megabytes = number(variable, least, most, -1);
    return megabytes < 0 ? standard : megabytes * MEGABYTE;
  }

  /** The same, or the word {@code all}, which is {@link Long#MAX_VALUE}. */
  long megabytesOrAll(Variable variable, int least, int most, long standard) {
    if ("all".equalsIgnoreCase(text(variable))) {
      return Long.MAX_VALUE;
    }
    int megabytes = number(variable, least, most, -1, ", or all");
    return megabytes < 0 ? standard : megabytes * MEGABYTE;
  }

  /** Null if not set. */
  @Nullable Boolean onOff(Variable variable) {
    String text = text(variable);
    if (text == null) {
      return null;
    }
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "on", "true", "yes" -> true;
      case "off", "false", "no" -> false;
      default -> throw malformed(variable, "it must be on or off");
    };
  }

  /** One of these words, in lower case; null if not set. */
  @Nullable String word(Variable variable, List<String> words) {
    String text = text(variable);
    if (text == null) {
      return null;
    }
    String word = text.toLowerCase(Locale.ROOT);
    if (!words.contains(word)) {
      int last = words.size() - 1;
      throw malformed(
          variable,
          "it must be " + String.join(", ", words.subList(0, last)) + " or " + words.get(last));
    }
    return word;
  }

  static StoreConfigurationException malformed(Variable variable, String why) {
    return DatabaseSettings.malformed(variable.name(), why);
  }
}
