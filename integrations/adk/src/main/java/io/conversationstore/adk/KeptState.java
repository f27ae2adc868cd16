package io.conversationstore.adk;

import com.google.adk.sessions.State;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A state that is kept as changes: each message of a conversation may change keys, and the state is
 * these changes in the order of the messages, over a snapshot in the metadata of the conversation.
 * Writers only append, so none can lose the keys of another.
 *
 * <p>A snapshot says: after this message, the state was this. Committed messages never move, so it
 * stays true whatever is appended later, and of two snapshots that are written at the same time
 * either may win. A reader writes one when it had to fold {@value #SNAPSHOT_AFTER} messages or
 * more. If the message of the snapshot is gone, all messages are folded over the snapshot: keys of
 * messages that retention has removed are still there.
 *
 * <p>Thread-safe.
 */
final class KeptState {

  /** The most messages beyond the snapshot, but for those of one turn. */
  static final int SNAPSHOT_AFTER = 50;

  private static final String NOTE = EventMessages.NOTE;
  private static final String STATE = "state";
  private static final String AS_OF = "asOf";

  private final ConversationStore store;
  private final Predicate<String> keys;

  /** A state of those keys that match. */
  KeptState(ConversationStore store, Predicate<String> keys) {
    this.store = store;
    this.keys = keys;
  }

  /** A state, and the messages that were read for it. */
  record Folded(Map<String, Object> values, Tail tail) {}

  /** The metadata of a conversation that begins with this state. */
  static Map<String, @Nullable Object> metadata(Map<String, Object> state) {
    return state.isEmpty() ? Map.of() : Map.of(NOTE, Map.of(STATE, written(state)));
  }

  /** The state at the snapshot, or at the beginning. */
  static Map<String, Object> snapshot(Conversation header) {
    Map<String, Object> values = new ConcurrentHashMap<>();
    apply(note(header).get(STATE), key -> true, values);
    return values;
  }

  /**
   * Reads the state of a conversation, and its messages back to the snapshot at least.
   *
   * @param firstPage how many messages to read first
   */
  Folded read(Owner owner, Conversation header, int firstPage) {
    UUID asOf = note(header).get(AS_OF) instanceof String text ? UUID.fromString(text) : null;
    Tail tail = new Tail(store, owner, header.id(), firstPage);
    do {
      tail.extend();
    } while (!tail.isComplete() && (asOf == null || tail.indexOf(asOf) < 0));
    List<StoredMessage> messages = tail.messages();
    // -1 + 1: without the message of the snapshot, all are folded.
    List<StoredMessage> beyond =
        messages.subList(asOf == null ? 0 : tail.indexOf(asOf) + 1, messages.size());
    Map<String, Object> values = snapshot(header);
    for (StoredMessage message : beyond) {
      change(message.message(), values);
    }
    if (beyond.size() >= SNAPSHOT_AFTER && tail.isSure() && isSettled(beyond)) {
      writeSnapshot(owner, header, values, messages.get(messages.size() - 1).id());
    }
    return new Folded(values, tail);
  }

  private void change(Message message, Map<String, Object> values) {
    apply(EventMessages.stateDelta(message), keys, values);
  }

  private static void apply(
      @Nullable Object written, Predicate<String> keys, Map<String, Object> values) {
    if (TypedJson.read(written) instanceof Map<?, ?> delta) {
      delta.forEach(
          (key, value) -> {
            if (key instanceof String name && keys.test(name)) {
              put(values, name, value);
            }
          });
    }
  }

  /** Sets or removes a key, as a change of state says. */
  static void put(Map<String, Object> values, String key, @Nullable Object value) {
    if (value == null || value == State.REMOVED) {
      values.remove(key);
    } else {
      values.put(key, value);
    }
  }

  /** Pending messages may still move, and a copy may lack messages of other nodes. */
  private boolean isSettled(List<StoredMessage> messages) {
    StoreState.Mode mode = store.state().mode();
    return (mode == StoreState.Mode.ONLINE || mode == StoreState.Mode.LOCAL_ONLY)
        && messages.stream().noneMatch(StoredMessage::isPending);
  }

  private void writeSnapshot(
      Owner owner, Conversation header, Map<String, Object> values, UUID asOf) {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>(header.metadata());
    metadata.put(NOTE, Map.of(STATE, written(values), AS_OF, asOf.toString()));
    try {
      store.update(owner, header.id(), ConversationUpdate.touch().withMetadata(metadata));
    } catch (IllegalArgumentException tooLarge) {
      // A state beyond the limit of metadata stays without a snapshot; it is folded at each read.
      return;
    }
  }

  private static Object written(Map<String, Object> state) {
    return Objects.requireNonNull(TypedJson.write(state));
  }

  private static Map<?, ?> note(Conversation header) {
    return header.metadata().get(NOTE) instanceof Map<?, ?> note ? note : Map.of();
  }
}
