package io.conversationstore;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much of the database a node's local copy holds. Of a conversation beyond the limits it keeps
 * what lists show, and where messages were deleted, but no contents: read while the database is
 * away, such a conversation says that it is not complete. Once somebody writes to it again, its
 * messages are fetched, the latest first: up to 10,000 of them, up to a quarter of {@code
 * maxBytes}, and at most once an hour. What this node has not sent to the database yet counts for
 * no limit. Immutable.
 *
 * @param activeWithin contents of conversations that were last updated longer ago, by the
 *     database's clock, are left out; to the millisecond, at most 36,500 days; null for no such
 *     limit
 * @param maxBytes how much contents may take, as they are stored: beyond it those of conversations
 *     that take more than half of it are left out, then of those that were last updated first,
 *     about a tenth more than needed. It is counted once a minute, and estimated in between. With
 *     headers, some 350 bytes for each message, and garbage that is to be collected, the files take
 *     up to about twice as much, for a while three times
 */
public record CopyLimits(@Nullable Duration activeWithin, long maxBytes) {

  /** The copy holds all that the database does. */
  public static final CopyLimits NONE = new CopyLimits(null, Long.MAX_VALUE);

  /** The longest {@code activeWithin}: 36,500 days. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /**
   * @throws IllegalArgumentException if a limit is not within these bounds
   */
  public CopyLimits {
    if (activeWithin != null) {
      if (activeWithin.compareTo(Duration.ofMillis(1)) < 0 || activeWithin.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "activeWithin must be a millisecond to 36,500 days, but was " + activeWithin);
      }
      activeWithin = Duration.ofMillis(activeWithin.toMillis());
    }
    if (maxBytes < 0) {
      throw new IllegalArgumentException("maxBytes must not be negative, but was " + maxBytes);
    }
  }

  /** The same, without contents of conversations that nobody changed for so long. */
  public CopyLimits activeWithin(Duration newWindow) {
    return new CopyLimits(newWindow, maxBytes);
  }

  /** The same, with at most so much of contents. */
  public CopyLimits maxBytes(long bytes) {
    return new CopyLimits(activeWithin, bytes);
  }
}
