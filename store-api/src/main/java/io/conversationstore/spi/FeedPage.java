package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Row states committed since a position, the latest of each row.
 *
 * @param next the position to continue from
 * @param more whether more states are available already
 * @param asOf once {@code more} is false, the feed has returned everything committed before this
 *     time by the database's clock; null if no such time is known yet, whatever was returned
 * @param history the history of the database that the page belongs to: a position at the start is
 *     valid in any, also in that of an older copy that was put back
 * @param unreadable rows of the page that cannot be read; the feed continues past them
 */
public record FeedPage(
    List<State> states,
    FeedPosition next,
    boolean more,
    @Nullable Instant asOf,
    UUID history,
    List<Unreadable> unreadable) {

  /**
   * A row that cannot be read because another program wrote or changed it.
   *
   * @param place its table and key, without content
   * @param owner null if it cannot be read either
   * @param conversationId the row's conversation, for a conversation or a message; else null
   * @param generation the generation of that conversation
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
}
