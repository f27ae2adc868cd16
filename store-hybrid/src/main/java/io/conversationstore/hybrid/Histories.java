package io.conversationstore.hybrid;

import java.time.Instant;
import java.util.UUID;

/**
 * The ids of histories. Those that a node begins are UUIDs of version 7, which tell the later of
 * two. Those of another version are the first of a database, or were begun by hand.
 */
final class Histories {

  private static final int TIME_BITS = 16;
  private static final int WITH_TIME = 7;

  private Histories() {}

  /** Whether a database that is in one history was in another one later. */
  static boolean isEarlier(UUID history, UUID than) {
    return millis(history) < millis(than);
  }

  /** The id of a history that begins at a time, and is later than two others. */
  static UUID after(Instant time, UUID one, UUID other) {
    long millis = Math.max(time.toEpochMilli(), Math.max(millis(one), millis(other)) + 1);
    UUID random = UUID.randomUUID();
    long high = (millis << TIME_BITS) | 0x7000L | (random.getMostSignificantBits() & 0xfff);
    return new UUID(high, random.getLeastSignificantBits());
  }

  private static long millis(UUID history) {
    return history.version() == WITH_TIME ? history.getMostSignificantBits() >>> TIME_BITS : -1;
  }
}
