package io.conversationstore.jsonfile;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times as microseconds since 1970, the precision of all stored times. */
final class Micros {
  private Micros() {}

  /** Avoids nanoseconds, of which a long holds only 292 years. */
  static long of(Instant instant) {
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
  }

  static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  static Instant truncated(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS);
  }
}
