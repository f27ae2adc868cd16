package io.conversationstore.hybrid.internal.connection;

import java.time.Instant;
import java.util.UUID;

/**
 * Ids of histories. A node begins one under a UUID of version 7, so the later of two is known. An
 * id of another version is the first history of a database, or one begun by hand.
 */
final class HistoryIds {

  private static final int TIME_BITS = 16;
  private static final int WITH_TIME = 7;

  private HistoryIds() {}

  /** Whether the first history began before the second one. */
  static boolean isEarlier(UUID history, UUID than) {
    return millis(history) < millis(than);
  }

  /** An id for a history that begins at this time and is later than the two others. */
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
