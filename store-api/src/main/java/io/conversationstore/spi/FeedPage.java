package io.conversationstore.spi;

import java.time.Instant;
import java.util.List;

/**
 * Row states committed since a position, the latest of each row.
 *
 * @param next where to go on
 * @param more whether there is more already
 * @param asOf all that was committed before this time by the database's clock has been told, once
 *     {@code more} is false
 */
public record FeedPage(List<State> states, FeedPosition next, boolean more, Instant asOf) {
  public FeedPage {
    states = List.copyOf(states);
  }
}
