package io.conversationstore.spi;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Row states committed since a position, the latest of each row.
 *
 * @param next where to go on
 * @param more whether there is more already
 * @param asOf all that was committed before this time by the database's clock has been told, once
 *     {@code more} is false; null if no such time is known yet, which says nothing about what has
 *     been told
 */
public record FeedPage(
    List<State> states, FeedPosition next, boolean more, @Nullable Instant asOf) {
  public FeedPage {
    states = List.copyOf(states);
  }
}
