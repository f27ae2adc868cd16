package io.conversationstore.spi;

import io.conversationstore.StoreConfigurationException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checks of options: every bad one is a {@link StoreConfigurationException} that names it. */
public final class OptionChecks {

  private OptionChecks() {}

  /** The value, which must not be null. */
  public static <T> T requireGiven(String name, @Nullable T value) {
    if (value == null) {
      throw new StoreConfigurationException(name + " must not be null");
    }
    return value;
  }

  /** The value, which must be in this range. */
  public static long requireRange(String name, long value, long least, long most) {
    if (value < least || value > most) {
      String range =
          most == Long.MAX_VALUE || most == Integer.MAX_VALUE
              ? String.format(Locale.ROOT, "at least %,d", least)
              : String.format(Locale.ROOT, "%,d to %,d", least, most);
      throw new StoreConfigurationException(
          String.format(Locale.ROOT, "%s must be %s, but was %,d", name, range, value));
    }
    return value;
  }

  /** The value, which must be in this range. */
  public static int requireRange(String name, int value, int least, int most) {
    return (int) requireRange(name, (long) value, least, most);
  }

  /**
   * The value, which must be in this range.
   *
   * @param range the range in words
   */
  public static Duration requireRange(
      String name, @Nullable Duration value, Duration least, Duration most, String range) {
    Duration given = requireGiven(name, value);
    if (given.compareTo(least) < 0 || given.compareTo(most) > 0) {
      throw new StoreConfigurationException(name + " must be " + range + ", but was " + given);
    }
    return given;
  }
}
