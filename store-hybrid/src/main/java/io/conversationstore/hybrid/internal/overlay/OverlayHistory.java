package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Pages across an owner's conversations: the engine's messages with pending changes laid over, then
 * the pending messages. Not thread-safe.
 */
final class OverlayHistory {

  private static final Comparator<MessageState> ORDER =
      Comparator.comparing((MessageState state) -> state.requireLive().createdAt())
          .thenComparing(MessageState::conversationId, CodePointOrder.INSTANCE);

  /** Message ids are unique only within their conversation. */
  private record Key(String conversationId, UUID messageId) {
    static Key of(MessageState message) {
      return new Key(message.conversationId(), message.messageId());
    }
  }

  private final StoreEngine base;
  private final Owner owner;
  private final OwnerViews views;

  OverlayHistory(StoreEngine base, Owner owner, OwnerViews views) {
    this.base = base;
    this.owner = owner;
    this.views = views;
  }

  Slice<MessageState> read(Direction direction, Position.@Nullable InHistory from, int limit) {
    List<MessageState> tail = new ArrayList<>();
    views.all().values().forEach(view -> tail.addAll(view.tail()));
    tail.sort(ORDER); // stable: within a conversation the order of the queue stays
    return direction == Direction.FORWARD
        ? forward(tail, from, limit)
        : backward(tail, from, limit);
  }

  /**
   * Committed messages, then pending ones. A pending message not yet returned may be sent in the
   * meantime and take its place by time among those already returned. The queue is sent in order,
   * so while its first message is pending no later one was sent.
   */
  private Slice<MessageState> forward(
      List<MessageState> tail, Position.@Nullable InHistory from, int limit) {
    HistoryMark mark = HistoryMark.of(from);
    Position.@Nullable InHistory place = from;
    if (from != null && mark.head() != null && HistoryMark.indexOf(mark.head(), tail) < 0) {
      Position.InHistory sent = new Position.InHistory(from.history(), mark.since(), "", 0, null);
      place = from.createdAt().isBefore(mark.since()) ? from : sent;
    }
    List<MessageState> items = new ArrayList<>();
    Slice<MessageState> last = fromBase(items, Direction.FORWARD, place, limit);
    boolean more = last.more();
    Position.@Nullable InHistory committed = items.isEmpty() ? place : place(last, items);
    int listed = mark.edge() == null ? 0 : HistoryMark.indexOf(mark.edge(), tail) + 1;
    if (!more) {
      Set<Key> seen = ids(items);
      for (; listed < tail.size() && items.size() < limit; listed++) {
        if (!seen.contains(Key.of(tail.get(listed)))) {
          items.add(views.filled(tail.get(listed)));
        }
      }
      more = listed < tail.size();
    }
    HistoryMark next =
        HistoryMark.forward(
            listed == 0 ? null : tail.get(listed - 1),
            tail.subList(listed, tail.size()),
            views.firstInQueue(tail.subList(listed, tail.size())));
    return slice(last, items, more, next.on(committed, last.history()));
  }

  private static Position.InHistory place(Slice<MessageState> slice, List<MessageState> items) {
    MessageState message = items.get(items.size() - 1);
    return new Position.InHistory(
        slice.history(),
        message.requireLive().createdAt(),
        message.conversationId(),
        message.seq(),
        null);
  }

  private Slice<MessageState> backward(
      List<MessageState> tail, Position.@Nullable InHistory from, int limit) {
    HistoryMark mark = HistoryMark.of(from);
    int end = from == null ? tail.size() : 0;
    Position.@Nullable InHistory place = from;
    if (mark.edge() != null) {
      // A message no longer pending has moved among the committed ones: restart there, with all
      // that are still pending.
      int at = HistoryMark.indexOf(mark.edge(), tail);
      end = at < 0 ? tail.size() : at;
      place = null;
    }
    int start = Math.max(0, end - limit);
    List<MessageState> items = new ArrayList<>();
    int wanted = limit - (end - start);
    // A page of only pending messages requests one committed message, to check whether any exists.
    Slice<MessageState> last = fromBase(items, Direction.BACKWARD, place, Math.max(1, wanted));
    boolean more = last.more();
    if (wanted == 0) {
      more = start > 0 || !items.isEmpty();
      items.clear();
    }
    Position.@Nullable InHistory next = from;
    if (!items.isEmpty()) {
      next = place(last, items.subList(0, 1));
    } else if (start < end) {
      next = HistoryMark.edge(tail.get(start)).on(null, last.history());
    }
    Set<Key> seen = ids(items);
    for (MessageState message : tail.subList(start, end)) {
      if (!seen.contains(Key.of(message))) {
        items.add(views.filled(message));
      }
    }
    return slice(last, items, more, next);
  }

  private Slice<MessageState> slice(
      Slice<MessageState> last,
      List<MessageState> items,
      boolean more,
      Position.@Nullable InHistory next) {
    Provenance provenance =
        views.all().isEmpty() ? last.provenance() : OverlayReader.pending(last.provenance());
    return new Slice<>(last.history(), items, more, provenance, next);
  }

  private Slice<MessageState> fromBase(
      List<MessageState> items,
      Direction direction,
      Position.@Nullable InHistory from,
      int wanted) {
    List<MessageState> found = new ArrayList<>();
    Position.@Nullable InHistory place = from;
    Slice<MessageState> slice;
    // One more than wanted: the engine may report more although only deleted ones follow.
    int target = wanted + 1;
    do {
      int limit = Math.min(Page.MAX_LIMIT, target - found.size());
      slice = base.history(owner, direction, place, limit);
      List<MessageState> page = new ArrayList<>(slice.items());
      if (direction == Direction.BACKWARD) {
        Collections.reverse(page);
      }
      for (MessageState message : page) {
        place =
            new Position.InHistory(
                slice.history(),
                message.requireLive().createdAt(),
                message.conversationId(),
                message.seq(),
                null);
        MessageState shown = views.shown(message);
        if (shown != null) {
          found.add(shown);
        }
      }
    } while (slice.more() && found.size() < target);
    boolean more = found.size() > wanted;
    if (more) {
      found.subList(wanted, found.size()).clear();
    }
    if (direction == Direction.BACKWARD) {
      Collections.reverse(found);
    }
    items.addAll(found);
    return new Slice<>(slice.history(), List.of(), more, slice.provenance());
  }

  private static Set<Key> ids(List<MessageState> items) {
    Set<Key> ids = new HashSet<>();
    items.forEach(item -> ids.add(Key.of(item)));
    return ids;
  }
}
