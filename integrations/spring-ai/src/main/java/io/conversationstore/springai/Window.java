package io.conversationstore.springai;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.ai.chat.messages.Message;

/**
 * A window as a memory sees it: the messages that were read or saved, as objects, and their ids.
 * Keeps no message reachable.
 *
 * @param without see {@link SavedWindow}
 * @param passesObjects see {@link SavedWindow}
 */
record Window(List<Item> items, Set<UUID> without, boolean passesObjects) {

  static final Window EMPTY = new Window(List.of(), Set.of(), false);

  /**
   * A message of a window.
   *
   * @param inLead see {@link SavedWindow#lead()}
   */
  record Item(WeakReference<Message> message, List<UUID> ids, boolean inLead) {

    static Item of(Message message, List<UUID> ids, boolean inLead) {
      return new Item(new WeakReference<>(message), ids, inLead);
    }
  }

  Window {
    items = List.copyOf(items);
    without = Set.copyOf(without);
  }
}
