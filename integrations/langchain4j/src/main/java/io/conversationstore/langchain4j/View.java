package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The last messages of a conversation as a window shows them: with one system message, the last;
 * without the messages that others have taken the place of; in the order of their placements.
 *
 * @param entries the messages without the system message, oldest first
 * @param system the last system message among them, or null
 * @param earlierSystem the id of a system message before them, if there is none among them
 * @param cut whether the conversation has earlier messages
 */
record View(
    List<Entry> entries, @Nullable Entry system, @Nullable UUID earlierSystem, boolean cut) {

  /**
   * The view of stored messages.
   *
   * @param tail the last messages in the order of the store
   * @param cut whether there are earlier ones
   * @param hidden messages to leave out beside those that the messages themselves hide
   */
  static View of(List<StoredMessage> tail, boolean cut, Set<UUID> hidden) {
    Set<UUID> left = new HashSet<>(hidden);
    List<StoredMessage> placed = new ArrayList<>(tail.size());
    StoredMessage system = null;
    UUID named = null;
    for (StoredMessage each : tail) {
      Placement placement = Placement.of(each.message());
      left.addAll(placement.hides());
      if (placement.system() != null) {
        named = placement.system();
      }
      if (each.role() == Role.SYSTEM) {
        system = each;
      } else if (placement.isPlaced()) {
        placed.add(indexAfter(placed, placement.after()), each);
      } else {
        placed.add(each);
      }
    }
    List<Entry> entries = new ArrayList<>(placed.size());
    for (StoredMessage each : placed) {
      if (!left.contains(each.id())) {
        entries.add(entry(each));
      }
    }
    if (cut) {
      // Their call is before the tail.
      while (!entries.isEmpty() && entries.get(0).message() instanceof ToolExecutionResultMessage) {
        entries.remove(0);
      }
    }
    return new View(
        entries, system == null ? null : entry(system), system == null ? named : null, cut);
  }

  /** The index behind a message; the beginning if it is before the tail. */
  private static int indexAfter(List<StoredMessage> placed, @Nullable UUID id) {
    for (int i = placed.size(); i > 0; i--) {
      if (placed.get(i - 1).id().equals(id)) {
        return i;
      }
    }
    return 0;
  }

  static Entry entry(StoredMessage stored) {
    Message plain = Placement.plain(stored.message());
    ChatMessage message = MessageMapping.read(plain);
    return new Entry(stored.id(), message, plain);
  }
}
