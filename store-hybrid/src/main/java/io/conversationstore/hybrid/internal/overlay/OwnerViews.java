package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.Owner;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An owner's conversations with pending changes, each laid over, without contents. Not thread-safe.
 */
final class OwnerViews {

  private final Map<String, PendingView> views = new LinkedHashMap<>();
  private final Map<String, ConversationState> bases = new HashMap<>();
  private final List<Change> pending;
  private long erasedUpTo = -1;

  /**
   * @param pending their heads suffice
   */
  OwnerViews(
      OverlayReader reader,
      StoreEngine base,
      Owner owner,
      List<Change> pending,
      PendingContents contents) {
    this.pending = pending;
    Set<String> ids = new LinkedHashSet<>();
    pending.forEach(change -> ids.addAll(change.conversationIds()));
    for (Change change : pending) {
      if (change instanceof Change.OwnerErased) {
        long epoch = base.preferences(owner).epoch();
        if (reader.takes(change, epoch)) {
          erasedUpTo = Math.max(erasedUpTo, epoch);
        }
      }
    }
    Map<String, List<Change>> byId = split(pending, ids);
    for (String id : ids) {
      Found found = base.find(owner, id);
      ConversationState header = found.conversation();
      if (header != null) {
        bases.put(id, header);
      }
      views.put(
          id, reader.view(base, owner, id, found, byId.getOrDefault(id, List.of()), contents));
    }
  }

  /** Whether a pending erasure removes rows of this epoch. */
  static boolean erases(Change erasure, long epoch) {
    return epoch <= erasure.stamp().epoch();
  }

  /**
   * Whether a pending change belongs to an ended epoch because its owner was erased since, possibly
   * by another node. The database will drop it, so it no longer counts.
   */
  static boolean isOfErased(Change change, long presentEpoch) {
    long epoch = change.stamp().epoch();
    return epoch != ChangeStamp.PRESENT_EPOCH && epoch < presentEpoch;
  }

  /** The changes per conversation; changes that affect all conversations are in each list. */
  private static Map<String, List<Change>> split(List<Change> pending, Set<String> ids) {
    Map<String, List<Change>> byId = new HashMap<>();
    for (Change change : pending) {
      for (String id : change instanceof Change.OwnerErased ? ids : change.conversationIds()) {
        byId.computeIfAbsent(id, key -> new ArrayList<>()).add(change);
      }
    }
    return byId;
  }

  Map<String, PendingView> all() {
    return views;
  }

  @Nullable PendingView view(String id) {
    return views.get(id);
  }

  /** A message of the engine as it will be, with its content; null if it will be absent. */
  @Nullable MessageState shown(MessageState message) {
    PendingView view = views.get(message.conversationId());
    if (!shows(message)) {
      return null;
    }
    return view == null ? message : view.overBase(message);
  }

  /** Whether a message of the engine will still exist and is listed at its place. */
  boolean shows(MessageState message) {
    PendingView view = views.get(message.conversationId());
    return view == null
        ? !isErased(message.epoch())
        : view.baseVisible() && !view.isDeleted(message) && !view.isHeldBack(message);
  }

  /**
   * A message of one of the views with its content, which is read if the view has only its head.
   */
  MessageState filled(MessageState head) {
    PendingView view = views.get(head.conversationId());
    return view == null ? head : view.filled(head);
  }

  /** The conversation as returned by the engine. */
  @Nullable ConversationState base(String id) {
    return bases.get(id);
  }

  /** The first of these pending messages to be sent; null if there is none. */
  @Nullable MessageState firstInQueue(List<MessageState> messages) {
    Map<String, Map<UUID, MessageState>> sought = new HashMap<>();
    for (MessageState message : messages) {
      sought
          .computeIfAbsent(message.conversationId(), id -> new HashMap<>())
          .put(message.messageId(), message);
    }
    return sought.isEmpty()
        ? null
        : pending.stream()
            .flatMap(change -> change.parts().stream())
            .map(part -> firstOf(part, sought))
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
  }

  private static @Nullable MessageState firstOf(
      Change part, Map<String, Map<UUID, MessageState>> sought) {
    if (part instanceof Change.MessagesAppended append) {
      Map<UUID, MessageState> ids = sought.getOrDefault(append.ref().id(), Map.of());
      for (NewMessage message : append.messages()) {
        MessageState first = ids.get(message.id());
        if (first != null) {
          return first;
        }
      }
    }
    return null;
  }

  /** Whether an erasure is pending that the engine has not seen. */
  boolean erased() {
    return erasedUpTo >= 0;
  }

  /** Whether the engine's answer for this conversation is replaced. */
  boolean replaces(long epoch, String id) {
    return views.containsKey(id) || epoch <= erasedUpTo;
  }

  /** Whether a row of the engine in this epoch is erased. */
  boolean isErased(long epoch) {
    return epoch <= erasedUpTo;
  }
}
