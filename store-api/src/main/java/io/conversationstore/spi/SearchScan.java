package io.conversationstore.spi;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.spi.State.MessageState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Search without an index: reads messages of an engine and keeps the matching ones. For engines
 * without an index, and for callers that must recheck an index's results. Thread-safe.
 */
public final class SearchScan {

  /** The order of hits: newest first, then by conversation and place, descending. */
  public static final Comparator<MessageState> ORDER =
      Comparator.comparing((MessageState message) -> message.requireLive().createdAt())
          .thenComparing(MessageState::conversationId, CodePointOrder.INSTANCE)
          .thenComparingLong(MessageState::seq)
          .reversed();

  /** Messages per read: few at first, because hits are often found early, then more. */
  private static final int BATCH = 125;

  private static final int GROWTH = 2;

  private SearchScan() {}

  /** Returns messages, newest first, strictly beyond a place. */
  @FunctionalInterface
  public interface Source {
    Slice<MessageState> read(Position.@Nullable InHistory from, int limit);
  }

  /** Converts a message that was read, or leaves it out. */
  @FunctionalInterface
  public interface View {
    @Nullable MessageState show(MessageState message);
  }

  /** Implements {@link StoreEngine#search} with the other reads of an engine. */
  public static Slice<MessageState> search(
      StoreEngine engine,
      Owner owner,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit) {
    String conversationId = filter.conversationId();
    if (conversationId != null) {
      return inConversation(engine, owner, conversationId, filter, from, limit);
    }
    return page(
        (place, count) -> newestFirst(engine.history(owner, Direction.BACKWARD, place, count)),
        message -> fits(filter, message) ? message : null,
        from,
        limit,
        BATCH);
  }

  private static Slice<MessageState> newestFirst(Slice<MessageState> slice) {
    List<MessageState> items = new ArrayList<>(slice.items());
    Collections.reverse(items);
    return new Slice<>(slice.history(), items, slice.more(), slice.provenance());
  }

  private static boolean fits(MessageFilter filter, MessageState message) {
    return filter.matches(message.requireLive().message());
  }

  /**
   * Reads until {@code limit} messages are found or there are no more.
   *
   * @param batch the minimum size of the first read; later reads grow
   */
  public static Slice<MessageState> page(
      Source source, View view, Position.@Nullable InHistory from, int limit, int batch) {
    List<MessageState> found = new ArrayList<>();
    Position.@Nullable InHistory place = from;
    Slice<MessageState> slice;
    boolean complete = true;
    int most = batch;
    do {
      int missing = limit + 1 - found.size();
      slice = source.read(place, Math.min(Page.MAX_LIMIT, Math.max(most, missing)));
      most = Math.min(Page.MAX_LIMIT, most * GROWTH);
      complete &= slice.provenance().complete();
      for (MessageState message : slice.items()) {
        place = placeOf(slice, message);
        MessageState shown = found.size() > limit ? null : view.show(message);
        if (shown != null) {
          found.add(shown);
        }
      }
    } while (slice.more() && found.size() <= limit);
    return cut(slice, slice.provenance(), complete, found, limit);
  }

  /**
   * @param complete whether each part of the answer was complete
   */
  private static Slice<MessageState> cut(
      Slice<MessageState> last,
      Provenance told,
      boolean complete,
      List<MessageState> found,
      int limit) {
    boolean more = found.size() > limit;
    Provenance provenance =
        new Provenance(told.source(), told.asOf(), told.complete() && complete, told.pending());
    return new Slice<>(last.history(), more ? found.subList(0, limit) : found, more, provenance);
  }

  /** The place of a committed message. */
  public static Position.InHistory placeOf(Slice<MessageState> slice, MessageState message) {
    return new Position.InHistory(
        slice.history(),
        message.requireLive().createdAt(),
        message.conversationId(),
        message.seq(),
        null);
  }

  /** Whether a message is strictly beyond a place, in the order of hits. */
  public static boolean isBeyond(MessageState message, Position.@Nullable InHistory from) {
    if (from == null) {
      return true;
    }
    int byTime = message.requireLive().createdAt().compareTo(from.createdAt());
    if (byTime != 0) {
      return byTime < 0;
    }
    int byId = CodePointOrder.INSTANCE.compare(message.conversationId(), from.conversationId());
    return byId != 0 ? byId < 0 : message.seq() < from.seq();
  }

  /**
   * Reads the whole conversation: imported messages with their own times may be out of time order.
   */
  private static Slice<MessageState> inConversation(
      StoreEngine engine,
      Owner owner,
      String conversationId,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit) {
    if (from != null) {
      // Fails if the place does not belong to the present history.
      engine.history(owner, Direction.BACKWARD, from, 1);
    }
    PriorityQueue<MessageState> newest = new PriorityQueue<>(ORDER.reversed());
    Position.@Nullable InConversation place = null;
    Provenance provenance = null;
    boolean complete = true;
    Slice<MessageState> slice;
    do {
      MessageSlice read =
          engine.messages(owner, conversationId, Direction.FORWARD, place, Page.MAX_LIMIT);
      slice = read.slice();
      provenance = provenance == null ? slice.provenance() : provenance;
      complete &= slice.provenance().complete();
      for (MessageState message : slice.items()) {
        place =
            new Position.InConversation(
                slice.history(), message.epoch(), message.generation(), message.seq(), null);
        if (isBeyond(message, from) && fits(filter, message)) {
          newest.add(message);
          if (newest.size() > limit + 1) {
            newest.poll();
          }
        }
      }
    } while (slice.more());
    List<MessageState> found = new ArrayList<>(newest);
    found.sort(ORDER);
    return cut(slice, provenance, complete, found, limit);
  }
}
