package io.conversationstore.jsonfile.internal.format;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times as microseconds since 1970, the precision of all stored times. */
public final class Micros {
  private Micros() {}

  /** Avoids nanoseconds, of which a long holds only 292 years. */
  public static long of(Instant instant) {
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
  }

  public static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  public static Instant truncated(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS);
  }
}
