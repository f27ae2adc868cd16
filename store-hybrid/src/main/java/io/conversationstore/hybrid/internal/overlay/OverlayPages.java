package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Pages of one conversation: the engine's messages with edits and deletes laid over, then the
 * pending ones. Not thread-safe.
 */
final class OverlayPages {

  private final StoreEngine base;
  private final Owner owner;
  private final PendingView view;
  private final UUID history;
  private final Provenance provenance;

  OverlayPages(
      StoreEngine base, Owner owner, PendingView view, UUID history, Provenance provenance) {
    this.base = base;
    this.owner = owner;
    this.view = view;
    this.history = history;
    this.provenance = provenance;
  }

  Slice<MessageState> read(Direction direction, Position.@Nullable InConversation from, int limit) {
    List<MessageState> items = new ArrayList<>();
    boolean more =
        direction == Direction.FORWARD ? forward(items, from, limit) : backward(items, from, limit);
    return new Slice<>(history, items, more, provenance);
  }

  /**
   * The position from which a page begins with a message, or next to it; null for the direction's
   * end.
   */
  Position.@Nullable InConversation before(
      Direction direction, MessageState start, boolean including) {
    boolean forward = direction == Direction.FORWARD;
    int step = !including ? 0 : forward ? -1 : 1;
    if (start.seq() != 0) {
      return new Position.InConversation(
          history, start.epoch(), start.generation(), start.seq() + step, null);
    }
    List<UUID> tail = view.tailIds();
    int edge = tail.indexOf(start.messageId()) + step;
    if (edge == tail.size()) {
      return null;
    }
    ConversationState conversation = conversation();
    return new Position.InConversation(
        history,
        conversation.epoch(),
        conversation.generation(),
        conversation.lastSeq() + (forward ? 0 : 1),
        edge < 0 ? null : tail.get(edge));
  }

  private boolean forward(
      List<MessageState> items, Position.@Nullable InConversation from, int limit) {
    boolean more = fromBase(items, Direction.FORWARD, resumed(from), limit);
    if (more) {
      return true;
    }
    List<UUID> tail = tailWithout(items);
    // Committed messages that earlier pages lacked stand before all pending ones. The pending ones
    // are listed again behind them, so the last listing of a message gives its place.
    int next = from == null || !items.isEmpty() ? 0 : tail.indexOf(from.pending()) + 1;
    while (next < tail.size() && items.size() < limit) {
      items.add(view.pending(tail.get(next++)));
    }
    return next < tail.size();
  }

  /**
   * The position from which a walk continues. The pending message at which a page ended may have
   * been committed before other listed ones, by another node that was given it too. The walk
   * returns to its place, so messages sent with it are not skipped.
   */
  private Position.@Nullable InConversation resumed(Position.@Nullable InConversation from) {
    Position.InConversation place = committed(from);
    if (from == null || from.pending() == null || view.isPending(from.pending())) {
      return place;
    }
    Position.InConversation now = placeOf(from, from.pending());
    return now != null && place != null && now.seq() < place.seq() ? now : place;
  }

  private boolean backward(
      List<MessageState> items, Position.@Nullable InConversation from, int limit) {
    List<UUID> tail = view.tailIds();
    int end = from == null ? tail.size() : 0;
    Position.@Nullable InConversation place = committed(from);
    if (from != null && from.pending() != null) {
      int at = tail.indexOf(from.pending());
      end = Math.max(at, 0);
      Position.InConversation now = at >= 0 ? null : placeOf(from, from.pending());
      // A deleted message has no place: continue with messages already committed when the cursor
      // was made.
      place = at >= 0 || now != null ? now : place;
    }
    int start = Math.max(0, end - limit);
    boolean more;
    if (end - start == limit) {
      more = start > 0 || hasBase();
    } else {
      more = fromBase(items, Direction.BACKWARD, place, limit - (end - start));
    }
    Set<UUID> seen = ids(items);
    for (UUID messageId : tail.subList(start, end)) {
      if (!seen.contains(messageId)) {
        items.add(view.pending(messageId));
      }
    }
    return more;
  }

  /** The place of a message that was pending when the cursor was made; null if it is gone. */
  private Position.@Nullable InConversation placeOf(Position.InConversation from, UUID messageId) {
    if (!view.baseVisible()) {
      return null;
    }
    return base.message(owner, conversation().id(), messageId)
        .map(
            message ->
                new Position.InConversation(
                    from.history(), message.epoch(), message.generation(), message.seq(), null))
        .orElse(null);
  }

  /**
   * A cursor made before the generation was known is at the start, unless the conversation is unmet
   * and the cursor holds a place in this directory.
   */
  private Position.@Nullable InConversation committed(Position.@Nullable InConversation from) {
    boolean unmet = from != null && from.seq() > 0 && view.isBaseUnmet();
    return from == null || (from.generation() == ConversationRef.LIVE && !unmet) ? null : from;
  }

  private boolean hasBase() {
    ConversationState conversation = conversation();
    return view.baseVisible() && conversation.requireLive().messageCount() > view.tailSize();
  }

  private ConversationState conversation() {
    ConversationState live = view.live();
    if (live == null) {
      throw new IllegalStateException("the conversation of the page is not live");
    }
    return live;
  }

  /** Adds up to {@code wanted} of the engine's messages in chronological order. */
  private boolean fromBase(
      List<MessageState> items,
      Direction direction,
      Position.@Nullable InConversation from,
      int wanted) {
    if (!view.baseVisible()) {
      return false;
    }
    List<MessageState> found = new ArrayList<>();
    Position.@Nullable InConversation place = from;
    boolean more = true;
    // If some are deleted, the engine may report more although only deleted ones follow.
    int target = view.hiddenInBase() == 0 ? wanted : wanted + 1;
    while (more && found.size() < target) {
      int limit = Math.min(Page.MAX_LIMIT, target - found.size());
      MessageSlice read = base.messages(owner, conversation().id(), direction, place, limit);
      List<MessageState> page = new ArrayList<>(read.slice().items());
      if (direction == Direction.BACKWARD) {
        Collections.reverse(page);
      }
      for (MessageState message : page) {
        place =
            new Position.InConversation(
                read.slice().history(), message.epoch(), message.generation(), message.seq(), null);
        MessageState shown = view.isHeldBack(message) ? null : view.overBase(message);
        if (shown != null) {
          found.add(shown);
        }
      }
      more = read.slice().more();
    }
    if (found.size() > wanted) {
      found.subList(wanted, found.size()).clear();
      more = true;
    }
    if (direction == Direction.BACKWARD) {
      Collections.reverse(found);
    }
    items.addAll(found);
    return more;
  }

  /** Pending messages, except those drained since that came with the engine's answer. */
  private List<UUID> tailWithout(List<MessageState> items) {
    if (items.isEmpty()) {
      return view.tailIds();
    }
    Set<UUID> seen = ids(items);
    return view.tailIds().stream().filter(messageId -> !seen.contains(messageId)).toList();
  }

  private static Set<UUID> ids(List<MessageState> items) {
    Set<UUID> ids = new HashSet<>();
    items.forEach(item -> ids.add(item.messageId()));
    return ids;
  }
}
