package io.conversationstore.jsonfile;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times as microseconds since 1970, which is how precise all stored times are. */
final class Micros {
  private Micros() {}

  static long of(Instant instant) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
  }

  static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  static Instant truncated(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS);
  }
}
