package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The conversations of an owner that pending changes touch, each laid over. Not thread-safe. */
final class OwnerViews {

  private final Map<String, PendingView> views = new LinkedHashMap<>();
  private final Map<String, ConversationState> bases = new HashMap<>();
  private long erasedUpTo = -1;

  OwnerViews(OverlayReader reader, StoreEngine base, Owner owner, List<Change> pending) {
    Set<String> ids = new LinkedHashSet<>();
    OverlayReader.collectIds(pending, ids);
    for (Change change : pending) {
      if (change instanceof Change.OwnerErased
          && base.preferences(owner).epoch() <= change.stamp().epoch()) {
        erasedUpTo = Math.max(erasedUpTo, change.stamp().epoch());
      }
    }
    Map<String, List<Change>> byId = split(pending, ids);
    for (String id : ids) {
      Found found = base.find(owner, id);
      ConversationState header = found.conversation();
      if (header != null) {
        bases.put(id, header);
      }
      views.put(id, reader.view(base, owner, id, header, byId.getOrDefault(id, List.of())));
    }
  }

  /** The changes for each conversation; those that cover all go to each. */
  private static Map<String, List<Change>> split(List<Change> pending, Set<String> ids) {
    Map<String, List<Change>> byId = new HashMap<>();
    for (Change change : pending) {
      Set<String> touched = new HashSet<>();
      OverlayReader.collectIds(List.of(change), touched);
      for (String id : change instanceof Change.OwnerErased ? ids : touched) {
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

  /** The conversation as the engine answered it. */
  @Nullable ConversationState base(String id) {
    return bases.get(id);
  }

  /** Whether an erasure is pending that the engine has not seen. */
  boolean erased() {
    return erasedUpTo >= 0;
  }

  /** Whether the engine's answer for this conversation does not count. */
  boolean replaces(long epoch, String id) {
    return views.containsKey(id) || epoch <= erasedUpTo;
  }

  /** Whether an engine's row of this epoch is erased. */
  boolean isErased(long epoch) {
    return epoch <= erasedUpTo;
  }
}
