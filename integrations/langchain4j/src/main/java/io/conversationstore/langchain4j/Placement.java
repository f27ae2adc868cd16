package io.conversationstore.langchain4j;

import io.conversationstore.Message;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a window shows a message, kept in the message's metadata. The history itself stays in the
 * order in which it was appended.
 *
 * @param system the system message at that time, for windows that begin after it; or null
 * @param isPlaced whether windows show the message elsewhere than at its place in the history
 * @param after the message that it follows in windows; null for the beginning
 * @param hides messages that windows do not show any more, because this one takes their place
 * @param from the message that windows do not go back beyond from this one on; or null
 */
record Placement(
    @Nullable UUID system,
    boolean isPlaced,
    @Nullable UUID after,
    Set<UUID> hides,
    @Nullable UUID from) {

  private static final String SYSTEM = "system";
  private static final String AFTER = "after";
  private static final String HIDES = "hides";
  private static final String FROM = "from";
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  static final Placement NONE = new Placement(null, false, null, Set.of(), null);

  static Placement of(Message message) {
    Map<?, ?> note = MessageMapping.note(message);
    if (note.isEmpty()) {
      return NONE;
    }
    Set<UUID> hides = new LinkedHashSet<>();
    if (note.get(HIDES) instanceof List<?> ids) {
      ids.forEach(id -> add(hides, id));
    }
    return new Placement(
        id(note.get(SYSTEM)),
        note.containsKey(AFTER),
        id(note.get(AFTER)),
        hides,
        id(note.get(FROM)));
  }

  private static void add(Collection<UUID> ids, @Nullable Object text) {
    UUID id = id(text);
    if (id != null) {
      ids.add(id);
    }
  }

  /** Others may have written these metadata: what is no id counts as absent. */
  private static @Nullable UUID id(@Nullable Object text) {
    return text instanceof String string && ID.matcher(string).matches()
        ? UUID.fromString(string)
        : null;
  }

  Message writeTo(Message message) {
    Map<String, @Nullable Object> note = other(message);
    if (system != null) {
      note.put(SYSTEM, system.toString());
    }
    if (isPlaced) {
      note.put(AFTER, after == null ? "" : after.toString());
    }
    if (!hides.isEmpty()) {
      note.put(HIDES, hides.stream().map(UUID::toString).toList());
    }
    if (from != null) {
      note.put(FROM, from.toString());
    }
    return MessageMapping.withNote(message, note);
  }

  /** The message without an id and a placement, as {@link MessageMapping#write} makes it. */
  static Message plain(Message stored) {
    return MessageMapping.withNote(stored.withId(null), other(stored));
  }

  private static Map<String, @Nullable Object> other(Message message) {
    Map<String, @Nullable Object> note = new LinkedHashMap<>();
    MessageMapping.note(message).forEach((key, value) -> note.put(String.valueOf(key), value));
    note.keySet().removeAll(Set.of(SYSTEM, AFTER, HIDES, FROM));
    return note;
  }
}
