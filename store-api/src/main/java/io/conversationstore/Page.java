package io.conversationstore;

import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A part of a listing, immutable.
 *
 * @param cursor continues after this page in the same direction, as {@code withCursor} of the
 *     query; null if nothing was found and no cursor was given. Valid also if {@link #hasMore()} is
 *     false: it finds items added later
 * @param hasMore whether there was more when this page was read
 */
public record Page<T>(
    List<T> items, @Nullable Cursor cursor, boolean hasMore, Provenance provenance)
    implements Iterable<T> {

  /** The largest page, in items. */
  public static final int MAX_LIMIT = 1_000;

  public Page {
    items = List.copyOf(items);
  }

  @Override
  public Iterator<T> iterator() {
    return items.iterator();
  }

  public Stream<T> stream() {
    return items.stream();
  }

  public int size() {
    return items.size();
  }

  static int requireLimit(int limit) {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException("limit must be 1 to " + MAX_LIMIT + ", but was " + limit);
    }
    return limit;
  }
}
