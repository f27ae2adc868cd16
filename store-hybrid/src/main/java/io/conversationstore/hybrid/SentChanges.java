package io.conversationstore.hybrid;

import io.conversationstore.spi.Change;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which pending changes may have reached the database: those whose first attempt had an unknown
 * outcome, those that the drain has taken up, and those of an earlier run of this node. What is not
 * among them can be taken back. Thread-safe.
 */
final class SentChanges {

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<UUID> sent = ConcurrentHashMap.newKeySet();
  private final Set<UUID> takenBack = ConcurrentHashMap.newKeySet();

  boolean contains(UUID changeId) {
    return sent.contains(changeId);
  }

  void add(UUID changeId) {
    sent.add(changeId);
  }

  /** Notes that the drain is about to send a change; false if it was taken back. */
  boolean take(UUID changeId) {
    lock.lock();
    try {
      if (takenBack.contains(changeId)) {
        return false;
      }
      sent.add(changeId);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes changes back, all or none, unless one may have been sent.
   *
   * @param settle ends them in the queue
   * @return whether they were taken back
   */
  boolean takeBack(List<Change> changes, Runnable settle) {
    lock.lock();
    try {
      if (changes.stream().anyMatch(change -> sent.contains(change.id()))) {
        return false;
      }
      settle.run();
      changes.forEach(change -> takenBack.add(change.id()));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a change that is settled. */
  void settled(UUID changeId) {
    sent.remove(changeId);
    takenBack.remove(changeId);
  }
}
