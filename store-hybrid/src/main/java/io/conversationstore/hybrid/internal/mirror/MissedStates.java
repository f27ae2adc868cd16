package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.Owner;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Committed row states that the local copy could not take, kept until it takes writes again. If
 * they grow too many they are discarded and come through the feed; until the feed has delivered
 * everything committed up to the last of them, no row of the copy is certain. Thread-safe.
 */
public final class MissedStates {

  private static final int MAX = 1_000;

  /** Maximum deviation of the node's corrected clock from the database's. */
  private static final Duration MARGIN = Duration.ofSeconds(10);

  private record Row(
      Class<? extends State> kind, Owner owner, @Nullable String id, @Nullable UUID message) {
    static Row of(State state) {
      if (state instanceof ConversationState conversation) {
        return new Row(ConversationState.class, state.owner(), conversation.id(), null);
      } else if (state instanceof MessageState message) {
        return new Row(
            MessageState.class, state.owner(), message.conversationId(), message.messageId());
      }
      return new Row(
          state instanceof PreferencesState ? PreferencesState.class : State.OwnerState.class,
          state.owner(),
          null,
          null);
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Row, State> states = new LinkedHashMap<>();
  private @Nullable Instant forgottenUntil;
  private volatile boolean any;

  /** Whether there are none; cheap. */
  boolean isEmpty() {
    return !any;
  }

  /**
   * Adds states.
   *
   * @param now this node's estimate of the database's time
   */
  void add(List<? extends State> missed, Instant now) {
    lock.lock();
    try {
      for (State state : missed) {
        Row row = Row.of(state);
        State before = states.get(row);
        if (before == null || isLater(state, before)) {
          states.put(row, state);
        }
      }
      if (states.size() > MAX || forgottenUntil != null) {
        states.clear();
        forgottenUntil = now.plus(MARGIN);
      }
      any = true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a row is later than another state of the same row. */
  static boolean isLater(State state, State than) {
    return state.epoch() != than.epoch()
        ? state.epoch() > than.epoch()
        : generation(state) != generation(than)
            ? generation(state) > generation(than)
            : version(state) > version(than);
  }

  private static long generation(State state) {
    return state instanceof ConversationState conversation
        ? conversation.generation()
        : state instanceof MessageState message ? message.generation() : 0;
  }

  private static long version(State state) {
    return state instanceof ConversationState conversation
        ? conversation.version()
        : state instanceof MessageState message
            ? message.version()
            : state instanceof PreferencesState preferences ? preferences.version() : 0;
  }

  /** The known ones, in the order in which they were added. */
  List<State> states() {
    lock.lock();
    try {
      return List.copyOf(states.values());
    } finally {
      lock.unlock();
    }
  }

  /** The copy has these now. */
  void remove(List<State> healed) {
    lock.lock();
    try {
      for (State state : healed) {
        states.remove(Row.of(state), state);
      }
      any = !states.isEmpty() || forgottenUntil != null;
    } finally {
      lock.unlock();
    }
  }

  /** The copy has everything committed before this time. */
  void followed(Instant asOf) {
    lock.lock();
    try {
      if (forgottenUntil != null && asOf.isAfter(forgottenUntil)) {
        forgottenUntil = null;
        any = !states.isEmpty();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the copy's view of a conversation may be older than this node's writes. */
  public boolean covers(Owner owner, String conversationId) {
    if (!any) {
      return false;
    }
    lock.lock();
    try {
      return forgottenUntil != null
          || states.keySet().stream()
              .anyMatch(
                  row ->
                      row.owner.equals(owner)
                          && (row.kind == State.OwnerState.class || conversationId.equals(row.id)));
    } finally {
      lock.unlock();
    }
  }

  /** Whether a live conversation of the copy is known to be deleted, and possibly replaced. */
  public boolean ends(ConversationState copy) {
    if (!any) {
      return false;
    }
    lock.lock();
    try {
      return states.values().stream()
          .filter(state -> state.owner().equals(copy.owner()))
          .anyMatch(
              state ->
                  state.epoch() > copy.epoch()
                      || (state instanceof ConversationState missed
                          && missed.id().equals(copy.id())
                          && !(missed.isLive() && missed.generation() == copy.generation())));
    } finally {
      lock.unlock();
    }
  }

  /** Whether the copy misses any row of an owner. */
  public boolean covers(Owner owner) {
    if (!any) {
      return false;
    }
    lock.lock();
    try {
      return forgottenUntil != null
          || states.keySet().stream().anyMatch(row -> row.owner.equals(owner));
    } finally {
      lock.unlock();
    }
  }
}
