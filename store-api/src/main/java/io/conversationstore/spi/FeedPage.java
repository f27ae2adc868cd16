package io.conversationstore.spi;

import io.conversationstore.Owner;
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
 * @param unreadable rows of the page whose states cannot be read; they do not keep the feed
 */
public record FeedPage(
    List<State> states,
    FeedPosition next,
    boolean more,
    @Nullable Instant asOf,
    List<Unreadable> unreadable) {

  /**
   * A row that cannot be read, as something else has written or changed it.
   *
   * @param place its table and key, without content
   * @param owner null where that cannot be read either
   * @param conversationId the conversation that it is, or that it is a message of; null if none
   * @param generation of that conversation
   */
  public record Unreadable(
      String place,
      @Nullable Owner owner,
      @Nullable String conversationId,
      long epoch,
      long generation) {}

  public FeedPage {
    states = List.copyOf(states);
    unreadable = List.copyOf(unreadable);
  }

  /** A page on which every row can be read. */
  public FeedPage(List<State> states, FeedPosition next, boolean more, @Nullable Instant asOf) {
    this(states, next, more, asOf, List.of());
  }
}
