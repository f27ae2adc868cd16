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
 * @param whole whether earlier messages do not belong to the window
 * @param loose how many of the first entries follow a message that was not read; others that were
 *     not read may stand between them and the rest
 */
record View(
    List<Entry> entries,
    @Nullable Entry system,
    @Nullable UUID earlierSystem,
    boolean cut,
    boolean whole,
    int loose) {

  /**
   * The view of stored messages.
   *
   * @param tail the last messages in the order of the store
   * @param cut whether there are earlier ones
   * @param hidden messages to leave out beside those that the messages themselves hide
   * @param from the message to begin with; null if the messages themselves say it
   */
  static View of(List<StoredMessage> tail, boolean cut, Set<UUID> hidden, @Nullable UUID from) {
    int begin = beginning(tail, from);
    Set<UUID> left = new HashSet<>(hidden);
    Set<UUID> loose = new HashSet<>();
    List<StoredMessage> placed = new ArrayList<>(tail.size());
    StoredMessage system = null;
    UUID named = null;
    for (int i = 0; i < tail.size(); i++) {
      StoredMessage each = tail.get(i);
      Placement placement = Placement.of(each.message());
      left.addAll(placement.hides());
      if (placement.system() != null) {
        named = placement.system();
      }
      if (each.role() == Role.SYSTEM) {
        system = each;
      } else if (i < begin) {
        left.add(each.id());
      } else if (placement.isPlaced()) {
        int index = indexAfter(placed, placement.after());
        if (index == 0 || loose.contains(placement.after())) {
          loose.add(each.id());
        }
        placed.add(index, each);
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
    boolean whole = !cut || begin >= 0;
    return new View(
        entries,
        system == null ? null : entry(system),
        system == null ? named : null,
        cut,
        whole,
        whole ? 0 : (int) entries.stream().takeWhile(entry -> loose.contains(entry.id())).count());
  }

  /** The view with this system message. */
  View withSystem(@Nullable Entry value) {
    return new View(entries, value, earlierSystem, cut, whole, loose);
  }

  /** The index of the message that windows begin with; -1 if it is not among these messages. */
  private static int beginning(List<StoredMessage> tail, @Nullable UUID from) {
    UUID first = from;
    for (int i = tail.size() - 1; i >= 0 && first == null; i--) {
      first = Placement.of(tail.get(i).message()).from();
    }
    for (int i = 0; i < tail.size() && first != null; i++) {
      if (tail.get(i).id().equals(first)) {
        return i;
      }
    }
    return -1;
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
