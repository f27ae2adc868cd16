package io.conversationstore;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which messages to read. A page is always in chronological order; {@link Direction} selects the
 * end to start from.
 *
 * <pre>{@code
 * store.messages(alice, id, MessageQuery.first(20).startingBeyond(lastSeen)); // what came since
 * store.messages(alice, id, MessageQuery.last(20).startingAt(hit));           // what led to a hit
 * }</pre>
 *
 * @param cursor continues where a page of the same direction ended, or null to start
 * @param limit 1 to 1,000 messages
 * @param start starts at a message instead of the end; null with a cursor, and in queries across
 *     conversations
 */
public record MessageQuery(
    Direction direction, @Nullable Cursor cursor, int limit, @Nullable Start start) {

  /** The end to start from. */
  public enum Direction {
    /** Oldest page first. */
    FORWARD,
    /** Newest page first. */
    BACKWARD
  }

  /**
   * A message to start at.
   *
   * @param messageId a message of the conversation that is not deleted
   * @param including whether the page contains it; if not, it begins with the next message in the
   *     query's direction
   */
  public record Start(UUID messageId, boolean including) {}

  public MessageQuery {
    Page.requireLimit(limit);
    if (cursor != null && start != null) {
      throw new IllegalArgumentException(
          "a query has a cursor or a message to start at, not both; from(cursor) replaces the"
              + " message");
    }
  }

  /** A query from the direction's end or a cursor. */
  public MessageQuery(Direction direction, @Nullable Cursor cursor, int limit) {
    this(direction, cursor, limit, null);
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

  /**
   * The same query, starting at this message: forward it is the first of the page, backward the
   * last.
   */
  public MessageQuery startingAt(UUID messageId) {
    return new MessageQuery(direction, null, limit, new Start(messageId, true));
  }

  /**
   * The same query, starting next to this message: forward with the message after it, backward with
   * the message before it.
   */
  public MessageQuery startingBeyond(UUID messageId) {
    return new MessageQuery(direction, null, limit, new Start(messageId, false));
  }
}
