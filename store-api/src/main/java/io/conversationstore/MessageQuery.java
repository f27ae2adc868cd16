package io.conversationstore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which messages to read. A page is always in chronological order; {@link Direction} selects the
 * end to start from. Immutable; the {@code with…} methods return a changed copy.
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
  private record Fields(Direction direction, @Nullable Cursor cursor, int limit) {}

  private MessageQuery(Fields fields) {
    this.fields = fields;
  }

  /** Begins at this end. */
  public static MessageQuery of(Direction direction, int limit) {
    return new MessageQuery(
        new Fields(Objects.requireNonNull(direction, "direction"), null, Page.requireLimit(limit)));
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
        new Fields(Objects.requireNonNull(value, "direction"), fields.cursor, fields.limit));
  }

  /**
   * Continues after the page of the same direction that has this {@link Page#cursor()}; null begins
   * at the end of the direction.
   */
  public MessageQuery withCursor(@Nullable Cursor value) {
    return new MessageQuery(new Fields(fields.direction, value, fields.limit));
  }

  /**
   * Sets the size of a page.
   *
   * @param value 1 to 1,000 messages
   */
  public MessageQuery withLimit(int value) {
    return new MessageQuery(new Fields(fields.direction, fields.cursor, Page.requireLimit(value)));
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
