package io.conversationstore.springai;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;

/**
 * Finds out which messages of a window that a memory saves are stored already. Messages of Spring
 * AI have no ids. Pure functions; the answer has an element for each message of the window: the ids
 * that it is stored under, or null for a new message.
 */
final class Alignment {

  private Alignment() {}

  /**
   * By object: memories pass on the objects that they read. This is exact also if all messages are
   * equal. An object that stands twice in the window is new the second time.
   */
  static List<@Nullable List<UUID>> byObject(Window shown, List<Message> window) {
    List<Window.Item> left = new ArrayList<>(shown.items());
    List<@Nullable List<UUID>> ids = new ArrayList<>();
    for (Message message : window) {
      List<UUID> found = null;
      for (int i = 0; i < left.size() && found == null; i++) {
        if (left.get(i).message().refersTo(message)) {
          found = left.remove(i).ids();
        }
      }
      ids.add(found);
    }
    return ids;
  }

  /**
   * By content, for memories that copy messages: the window begins with an end of the stored
   * window, in which only system messages may be missing, and system messages from before may stand
   * in front.
   *
   * <p>A window of which everything is stored was either saved again or slid over equal messages,
   * as happens if a user asks the same again. If it can have slid, it counts as slid, because a
   * message that is stored twice does less harm than one that is lost.
   *
   * @param wasRead whether this memory has just read the stored window; if not, a window of one
   *     message counts as saved again
   */
  static List<@Nullable List<UUID>> byContent(
      List<Entry> stored, List<Message> window, boolean wasRead) {
    List<List<io.conversationstore.Message>> old =
        stored.stream().map(entry -> MessageCodec.comparable(entry.message())).toList();
    List<List<io.conversationstore.Message>> given =
        window.stream().map(MessageCodec::comparable).toList();
    List<@Nullable List<UUID>> unchanged = null;
    for (int kept = given.size(); kept > 0; kept--) {
      List<@Nullable List<UUID>> ids = beginning(stored, old, window, given, kept);
      if (ids != null && kept < given.size()) {
        return ids;
      }
      unchanged = unchanged == null ? ids : unchanged;
    }
    boolean slid = given.size() == 1 && wasRead;
    return unchanged == null || slid ? none(given.size()) : unchanged;
  }

  /** The first messages of the window as an end of the stored one; null if they are not. */
  private static @Nullable List<@Nullable List<UUID>> beginning(
      List<Entry> stored,
      List<List<io.conversationstore.Message>> old,
      List<Message> window,
      List<List<io.conversationstore.Message>> given,
      int kept) {
    List<@Nullable List<UUID>> ids = none(window.size());
    int at = old.size() - 1;
    boolean inLead = false;
    for (int i = kept - 1; i >= 0; i--) {
      while (at >= 0 && !old.get(at).equals(given.get(i))) {
        inLead |= !isSystem(stored.get(at));
        at--;
      }
      if (at < 0 || (inLead && !(window.get(i) instanceof SystemMessage))) {
        return null;
      }
      ids.set(i, stored.get(at).ids());
      at--;
    }
    return ids;
  }

  private static boolean isSystem(Entry entry) {
    return entry.message() instanceof SystemMessage;
  }

  private static List<@Nullable List<UUID>> none(int size) {
    return new ArrayList<>(Collections.nCopies(size, null));
  }
}
