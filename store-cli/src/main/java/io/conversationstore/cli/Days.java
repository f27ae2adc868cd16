package io.conversationstore.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of days on the command line, as in {@code 30} or {@code 30d}. */
final class Days implements ITypeConverter<Duration> {

  @Override
  public Duration convert(String value) {
    if (!value.matches("[0-9]{1,6}d?")) {
      throw new TypeConversionException("'" + value + "' is not a number of days");
    }
    return Duration.ofDays(Long.parseLong(value.replace("d", "")));
  }
}
