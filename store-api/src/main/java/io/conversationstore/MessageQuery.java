package io.conversationstore;

import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which messages to read. A page is always in chronological order; {@link Direction} selects the
 * end to start from. Immutable; the {@code with…} methods return a changed copy.
 *
 * <pre>{@code
 * store.messages(alice, id, MessageQuery.first(20).withStartBeyond(lastSeen)); // what came since
 * store.messages(alice, id, MessageQuery.last(20).withStartAt(hit));           // what led to a hit
 * }</pre>
 */
public final class MessageQuery {

  /** The end to start from. */
  public enum Direction {
    /** Oldest page first. */
    FORWARD,
    /** Newest page first. */
    BACKWARD
  }

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      Direction direction, @Nullable Cursor cursor, int limit, @Nullable Start start) {}

  /**
   * A message to start at.
   *
   * @param messageId a message of the conversation that is not deleted
   * @param including whether the page contains it; if not, it begins with the next message in the
   *     query's direction
   */
  public record Start(UUID messageId, boolean including) {}

  private MessageQuery(Fields fields) {
    this.fields = fields;
  }

  /** Begins at this end. */
  public static MessageQuery of(Direction direction, int limit) {
    return new MessageQuery(
        new Fields(
            Objects.requireNonNull(direction, "direction"), null, Page.requireLimit(limit), null));
  }

  /** The last {@code limit} messages. */
  public static MessageQuery last(int limit) {
    return of(Direction.BACKWARD, limit);
  }

  /** The first {@code limit} messages. */
  public static MessageQuery first(int limit) {
    return of(Direction.FORWARD, limit);
  }

  /** The end to start from. */
  public Direction direction() {
    return fields.direction;
  }

  /** Where the page begins; null for the first page. */
  public @Nullable Cursor cursor() {
    return fields.cursor;
  }

  /** The size of a page: 1 to 1,000 messages. */
  public int limit() {
    return fields.limit;
  }

  public MessageQuery withDirection(Direction value) {
    return new MessageQuery(
        new Fields(
            Objects.requireNonNull(value, "direction"), fields.cursor, fields.limit, fields.start));
  }

  /**
   * Continues after the page of the same direction that has this {@link Page#cursor()}; null begins
   * at the end of the direction. A cursor replaces a message to start at.
   */
  public MessageQuery withCursor(@Nullable Cursor value) {
    return new MessageQuery(
        new Fields(fields.direction, value, fields.limit, value == null ? fields.start : null));
  }

  /**
   * Sets the size of a page.
   *
   * @param value 1 to 1,000 messages
   */
  public MessageQuery withLimit(int value) {
    return new MessageQuery(
        new Fields(fields.direction, fields.cursor, Page.requireLimit(value), fields.start));
  }

  /** Where the first page begins instead of the end; null for the end, or with a cursor. */
  public @Nullable Start start() {
    return fields.start;
  }

  /**
   * Starts at this message: forward it is the first of the page, backward the last. Replaces a
   * cursor. Only for queries in one conversation.
   */
  public MessageQuery withStartAt(UUID messageId) {
    return new MessageQuery(
        new Fields(fields.direction, null, fields.limit, new Start(messageId, true)));
  }

  /**
   * Starts next to this message: forward with the message after it, backward with the message
   * before it. Replaces a cursor. Only for queries in one conversation.
   */
  public MessageQuery withStartBeyond(UUID messageId) {
    return new MessageQuery(
        new Fields(fields.direction, null, fields.limit, new Start(messageId, false)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MessageQuery that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "MessageQuery" + fields.toString().substring("Fields".length());
  }
}
