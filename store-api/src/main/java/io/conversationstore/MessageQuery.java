package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Which messages to read. A page is always in chronological order; {@link Direction} selects the
 * end to start from.
 *
 * @param cursor continues where a page of the same direction ended, or null to start
 * @param limit 1 to 1,000 messages
 */
public record MessageQuery(Direction direction, @Nullable Cursor cursor, int limit) {

  /** The end to start from. */
  public enum Direction {
    /** Oldest page first. */
    FORWARD,
    /** Newest page first. */
    BACKWARD
  }

  public MessageQuery {
    Page.requireLimit(limit);
  }

  /** The last {@code limit} messages. */
  public static MessageQuery last(int limit) {
    return new MessageQuery(Direction.BACKWARD, null, limit);
  }

  /** The first {@code limit} messages. */
  public static MessageQuery first(int limit) {
    return new MessageQuery(Direction.FORWARD, null, limit);
  }

  /** The same query, continued from the cursor of one of its pages. */
  public MessageQuery from(Cursor newCursor) {
    return new MessageQuery(direction, newCursor, limit);
  }
}
