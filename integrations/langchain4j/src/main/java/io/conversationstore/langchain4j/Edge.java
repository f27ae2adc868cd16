package io.conversationstore.langchain4j;

import io.conversationstore.StoredMessage;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a window ends toward older messages.
 *
 * @param first which of its messages was stored first, or one before it; null if it was empty
 * @param above messages stored later that stand before the window, because they were placed there
 */
record Edge(@Nullable UUID first, Set<UUID> above) {

  static final Edge NONE = new Edge(null, Set.of());

  /** The edge of what a window takes of a view of the last stored messages. */
  static Edge of(List<StoredMessage> tail, View view, List<Entry> selected) {
    if (selected.isEmpty()) {
      return Edge.NONE;
    }
    Set<UUID> above = new LinkedHashSet<>();
    for (Entry entry : view.entries().subList(0, view.entries().indexOf(selected.get(0)))) {
      above.add(entry.id());
    }
    Set<UUID> ids = new HashSet<>();
    selected.forEach(entry -> ids.add(entry.id()));
    // Those that they were placed behind are needed too, also if they are hidden by now.
    for (int i = tail.size() - 1; i >= 0; i--) {
      UUID after = Placement.of(tail.get(i).message()).after();
      if (after != null && ids.contains(tail.get(i).id())) {
        ids.add(after);
      }
    }
    UUID first = null;
    for (StoredMessage message : tail) {
      if (first == null && ids.contains(message.id())) {
        first = message.id();
      } else if (first == null) {
        above.remove(message.id());
      }
    }
    return new Edge(first, above);
  }

  /**
   * The edge after messages were added to the window, which begin it if it was empty.
   *
   * @param newAbove see {@link #above()}
   */
  Edge with(List<Entry> added, Set<UUID> newAbove) {
    return new Edge(first != null || added.isEmpty() ? first : added.get(0).id(), newAbove);
  }
}
