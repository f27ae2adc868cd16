package io.conversationstore.hybrid;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
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

  /** The ids of messages are unique within their conversation only. */
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

  private Slice<MessageState> forward(
      List<MessageState> tail, Position.@Nullable InHistory from, int limit) {
    List<MessageState> items = new ArrayList<>();
    Slice<MessageState> last = fromBase(items, Direction.FORWARD, from, limit);
    boolean more = last.more();
    if (!more) {
      Set<Key> seen = ids(items);
      tail.removeIf(message -> seen.contains(Key.of(message)));
      int next = from == null || from.pending() == null ? 0 : indexOf(tail, from.pending()) + 1;
      for (; next < tail.size() && items.size() < limit; next++) {
        items.add(tail.get(next));
      }
      more = next < tail.size();
    }
    return new Slice<>(last.history(), items, more, OverlayReader.pending(last.provenance()));
  }

  private Slice<MessageState> backward(
      List<MessageState> tail, Position.@Nullable InHistory from, int limit) {
    int end = from == null ? tail.size() : 0;
    Position.@Nullable InHistory place = from;
    if (from != null && from.pending() != null) {
      // A message that is pending no more has moved among the committed ones: start there anew.
      end = Math.max(0, indexOf(tail, from.pending()));
      place = null;
    }
    int start = Math.max(0, end - limit);
    List<MessageState> items = new ArrayList<>();
    int wanted = limit - (end - start);
    // A page of pending messages alone asks for one committed message, to tell whether there is
    // one.
    Slice<MessageState> last = fromBase(items, Direction.BACKWARD, place, Math.max(1, wanted));
    boolean more = last.more();
    if (wanted == 0) {
      more = start > 0 || !items.isEmpty();
      items.clear();
    }
    Set<Key> seen = ids(items);
    for (MessageState message : tail.subList(start, end)) {
      if (!seen.contains(Key.of(message))) {
        items.add(message);
      }
    }
    return new Slice<>(last.history(), items, more, OverlayReader.pending(last.provenance()));
  }

  private Slice<MessageState> fromBase(
      List<MessageState> items,
      Direction direction,
      Position.@Nullable InHistory from,
      int wanted) {
    List<MessageState> found = new ArrayList<>();
    Position.@Nullable InHistory place = from;
    Slice<MessageState> slice;
    // One more than wanted: the engine's word that there are more may be about deleted ones alone.
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
        MessageState shown = shown(message);
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

  private @Nullable MessageState shown(MessageState message) {
    PendingView view = views.view(message.conversationId());
    if (view == null) {
      return views.isErased(message.epoch()) ? null : message;
    }
    return view.baseVisible() ? view.overBase(message) : null;
  }

  private static Set<Key> ids(List<MessageState> items) {
    Set<Key> ids = new HashSet<>();
    items.forEach(item -> ids.add(Key.of(item)));
    return ids;
  }

  private static int indexOf(List<MessageState> tail, @Nullable UUID messageId) {
    for (int i = 0; i < tail.size(); i++) {
      if (tail.get(i).messageId().equals(messageId)) {
        return i;
      }
    }
    return -1;
  }
}
