package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.SearchScan;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A page of hits with pending changes laid over: matching pending messages, then the engine's hits
 * without those that a pending change deletes and with those that a pending edit makes match. Not
 * thread-safe.
 */
final class OverlaySearch {

  /** Message ids are unique only within their conversation. */
  private record Key(String conversationId, UUID messageId) {
    static Key of(MessageState message) {
      return new Key(message.conversationId(), message.messageId());
    }
  }

  private final StoreEngine base;
  private final Owner owner;
  private final OwnerViews views;
  private final MessageFilter filter;

  OverlaySearch(StoreEngine base, Owner owner, OwnerViews views, MessageFilter filter) {
    this.base = base;
    this.owner = owner;
    this.views = views;
    this.filter = filter;
  }

  Slice<MessageState> read(Position.@Nullable InHistory from, int limit) {
    List<MessageState> items = pending(from, limit);
    // A cursor at a pending message comes before all committed ones.
    Position.@Nullable InHistory place = from == null || from.overlay() == null ? from : null;
    List<MessageState> edited = edited(place, limit);
    Set<Key> laidOver = new HashSet<>();
    items.forEach(message -> laidOver.add(Key.of(message)));
    edited.forEach(message -> laidOver.add(Key.of(message)));
    Slice<MessageState> committed = committed(place, limit, laidOver);
    List<MessageState> rest = new ArrayList<>(committed.items());
    rest.addAll(edited);
    rest.sort(SearchScan.ORDER);
    items.addAll(rest);
    return new Slice<>(
        committed.history(),
        items.subList(0, Math.min(limit, items.size())),
        committed.more() || items.size() > limit,
        OverlayReader.pending(committed.provenance()));
  }

  /** Whether the filter asks for messages of this conversation. */
  private boolean isAsked(MessageState head) {
    String id = filter.conversationId();
    return id == null || id.equals(head.conversationId());
  }

  /**
   * The first matching ones with their contents, one more than the page takes, to detect a next
   * page.
   */
  private List<MessageState> matching(List<MessageState> heads, int limit) {
    List<MessageState> found = new ArrayList<>();
    for (MessageState head : heads) {
      if (found.size() > limit) {
        break;
      }
      if (isAsked(head)) {
        MessageState message = views.filled(head);
        if (filter.matches(message.requireLive().message())) {
          found.add(message);
        }
      }
    }
    return found;
  }

  /** Matching pending messages beyond a place, the last one first. */
  private List<MessageState> pending(Position.@Nullable InHistory from, int limit) {
    List<MessageState> tail = new ArrayList<>();
    if (from != null && from.overlay() == null) {
      return tail;
    }
    for (PendingView view : views.all().values()) {
      List<MessageState> ofOne = view.tail();
      for (int i = ofOne.size() - 1; i >= 0; i--) {
        tail.add(ofOne.get(i));
      }
    }
    tail.sort(SearchScan.ORDER); // stable: within a conversation the order of the queue stays
    int start = 0;
    if (from != null) {
      int at = indexOf(tail, from);
      start = at + 1;
      // The message at which the page ended is no longer pending: continue from its time, possibly
      // repeating.
      while (at < 0 && start < tail.size() && isNewer(tail.get(start), from)) {
        start++;
      }
    }
    return matching(tail.subList(start, tail.size()), limit);
  }

  private static int indexOf(List<MessageState> tail, Position.InHistory from) {
    for (int i = 0; i < tail.size(); i++) {
      MessageState message = tail.get(i);
      if (message.messageId().toString().equals(from.overlay())
          && message.conversationId().equals(from.conversationId())) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isNewer(MessageState message, Position.InHistory from) {
    return message.requireLive().createdAt().isAfter(from.createdAt());
  }

  /** Committed messages beyond a place that match with pending changes applied. */
  private List<MessageState> edited(Position.@Nullable InHistory from, int limit) {
    List<MessageState> heads =
        views.all().values().stream()
            .flatMap(view -> view.edited().stream())
            .filter(message -> SearchScan.isBeyond(message, from))
            .sorted(SearchScan.ORDER)
            .toList();
    return matching(heads, limit);
  }

  /** The engine's hits, except changed ones. */
  private Slice<MessageState> committed(
      Position.@Nullable InHistory from, int limit, Set<Key> without) {
    PendingView only = filter.conversationId() == null ? null : views.view(filter.conversationId());
    if (only != null && !only.baseVisible()) {
      // The engine's conversation of that id, if any, no longer counts.
      Slice<MessageState> nothing = base.history(owner, Direction.BACKWARD, null, 1);
      return new Slice<>(nothing.history(), List.of(), false, nothing.provenance());
    }
    return SearchScan.page(
        (place, count) -> base.search(owner, filter, place, count),
        message -> without.contains(Key.of(message)) ? null : shown(message),
        from,
        limit,
        1);
  }

  private @Nullable MessageState shown(MessageState message) {
    PendingView view = views.view(message.conversationId());
    if (view == null) {
      return views.isErased(message.epoch()) ? null : message;
    }
    // Matching edited ones were already added.
    return views.shows(message) && !view.isEdited(message) ? message : null;
  }
}
