package io.conversationstore.springai;

import io.conversationstore.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which messages of the history a memory last saved, written into the metadata of the last message
 * that was appended for it, so that a save is one append. Messages that others append later belong
 * to the window too.
 *
 * @param lead messages that come first in the window, in its order, such as a preserved system
 *     message
 * @param from the message from which on the window follows the history
 * @param without messages from there on that are not in the window, or only in {@code lead}
 * @param passesObjects whether the memory has passed on objects that it had read; see {@link
 *     Alignment}
 */
record SavedWindow(List<UUID> lead, UUID from, Set<UUID> without, boolean passesObjects) {

  private static final String NOTE = "window";
  private static final String LEAD = "lead";
  private static final String FROM = "from";
  private static final String WITHOUT = "without";
  private static final String OBJECTS = "objects";

  /** The message with the note of this window. */
  Message markedOn(Message message) {
    Map<String, @Nullable Object> note = new LinkedHashMap<>();
    note.put(FROM, from.toString());
    if (!lead.isEmpty()) {
      note.put(LEAD, lead.stream().map(UUID::toString).toList());
    }
    if (!without.isEmpty()) {
      note.put(WITHOUT, without.stream().map(UUID::toString).sorted().toList());
    }
    if (passesObjects) {
      note.put(OBJECTS, true);
    }
    return MessageCodec.withNote(message, NOTE, note);
  }

  /** The window that a message carries; empty if it carries none, or others changed it. */
  static Optional<SavedWindow> on(Message message) {
    if (!(MessageCodec.notes(message).get(NOTE) instanceof Map<?, ?> note)
        || !(note.get(FROM) instanceof String from)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new SavedWindow(
              ids(note.get(LEAD)),
              UUID.fromString(from),
              new HashSet<>(ids(note.get(WITHOUT))),
              Boolean.TRUE.equals(note.get(OBJECTS))));
    } catch (IllegalArgumentException changedByOthers) {
      return Optional.empty();
    }
  }

  private static List<UUID> ids(@Nullable Object list) {
    return list instanceof List<?> texts
        ? texts.stream().map(text -> UUID.fromString(String.valueOf(text))).toList()
        : List.of();
  }

  /**
   * The window that holds these messages in this order.
   *
   * @param before the window that was shown before
   * @param window the ids of each message: those of {@code before}, or new ones; at least one is
   *     new
   */
  static SavedWindow of(Window before, List<List<UUID>> window, boolean passesObjects) {
    Map<UUID, Integer> places = new HashMap<>();
    for (int i = 0; i < before.items().size(); i++) {
      Window.Item item = before.items().get(i);
      int place = item.inLead() ? -1 : i;
      item.ids().forEach(id -> places.put(id, place));
    }
    List<UUID> added = new ArrayList<>();
    for (List<UUID> ids : window) {
      if (!places.containsKey(ids.get(0))) {
        for (UUID id : ids) {
          places.put(id, before.items().size() + added.size());
          added.add(id);
        }
      }
    }
    // The longest end of the window that is in the order of the history.
    int start = window.size();
    int next = Integer.MAX_VALUE;
    while (start > 0
        && place(places, window.get(start - 1)) >= 0
        && place(places, window.get(start - 1)) < next) {
      start--;
      next = place(places, window.get(start));
    }
    UUID from = start < window.size() ? window.get(start).get(0) : added.get(0);
    int first = start < window.size() ? next : before.items().size();
    Set<UUID> shown = new HashSet<>();
    window.subList(start, window.size()).forEach(shown::addAll);
    Set<UUID> without = new HashSet<>();
    if (first < before.items().size()) {
      without.addAll(before.without());
    }
    places.forEach(
        (id, place) -> {
          if (place >= first && !shown.contains(id)) {
            without.add(id);
          }
        });
    List<UUID> lead = window.subList(0, start).stream().flatMap(List::stream).toList();
    return new SavedWindow(lead, from, without, passesObjects);
  }

  private static int place(Map<UUID, Integer> places, List<UUID> ids) {
    return places.getOrDefault(ids.get(0), -1);
  }
}
