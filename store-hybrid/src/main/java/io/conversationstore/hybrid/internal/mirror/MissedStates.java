package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.Owner;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<State.Key, State> states = new LinkedHashMap<>();
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
        State before = states.get(state.key());
        if (before == null || state.isLaterThan(before)) {
          states.put(state.key(), state);
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
        states.remove(state.key(), state);
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
                      row.owner().equals(owner)
                          && (row.kind() == State.OwnerState.class
                              || conversationId.equals(row.conversationId())));
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
          || states.keySet().stream().anyMatch(row -> row.owner().equals(owner));
    } finally {
      lock.unlock();
    }
  }
}
