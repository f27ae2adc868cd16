package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Owner;
import io.conversationstore.StoreState.Rejected;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The latest changes missing in the database, with reasons. Thread-safe. */
public final class RejectedChanges {

  private static final Logger LOG = LoggerFactory.getLogger(RejectedChanges.class);
  private static final int MAX = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Rejected> latest = new ArrayDeque<>();

  public RejectedChanges(List<Rejected> parked) {
    latest.addAll(parked.subList(Math.max(0, parked.size() - MAX), parked.size()));
  }

  /**
   * Records and logs the outcome of one change: once, even if it is found repeatedly before the
   * local files accept it.
   *
   * @param ofOne all about the same change; may be empty
   */
  void add(List<Rejected> ofOne) {
    if (ofOne.isEmpty() || !note(ofOne.get(0).changeId(), ofOne)) {
      return;
    }
    for (Rejected rejected : ofOne) {
      LOG.warn(
          "Pending change {} of {}{} was {}: {}",
          rejected.changeId(),
          rejected.owner(),
          rejected.conversationId() == null
              ? ""
              : " (conversation " + rejected.conversationId() + ")",
          rejected.parked() ? "parked" : "dropped",
          rejected.reason());
    }
  }

  private boolean note(UUID changeId, List<Rejected> ofOne) {
    lock.lock();
    try {
      List<Rejected> before =
          latest.stream().filter(one -> one.changeId().equals(changeId)).toList();
      if (isSame(before, ofOne)) {
        return false;
      }
      latest.removeAll(before);
      latest.addAll(ofOne);
      while (latest.size() > MAX) {
        latest.removeFirst();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether both have the same contents apart from the time. */
  private static boolean isSame(List<Rejected> some, List<Rejected> others) {
    boolean same = some.size() == others.size();
    for (int i = 0; same && i < some.size(); i++) {
      Rejected one = some.get(i);
      Rejected other = others.get(i);
      same =
          Objects.equals(one.conversationId(), other.conversationId())
              && one.parked() == other.parked()
              && one.reason().equals(other.reason());
    }
    return same;
  }

  /** An operator has retried or discarded the change. */
  void remove(UUID changeId) {
    lock.lock();
    try {
      latest.removeIf(rejected -> rejected.changeId().equals(changeId));
    } finally {
      lock.unlock();
    }
  }

  /** An erasure has removed the owner's parked changes, except those that are still parked. */
  void removeParked(Owner owner, List<Rejected> stillParked) {
    Set<UUID> kept = stillParked.stream().map(Rejected::changeId).collect(Collectors.toSet());
    lock.lock();
    try {
      latest.removeIf(
          rejected ->
              rejected.parked()
                  && rejected.owner().equals(owner)
                  && !kept.contains(rejected.changeId()));
    } finally {
      lock.unlock();
    }
  }

  public List<Rejected> list() {
    lock.lock();
    try {
      return new ArrayList<>(latest);
    } finally {
      lock.unlock();
    }
  }
}
