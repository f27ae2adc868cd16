package io.conversationstore.hybrid;

import io.conversationstore.spi.Change;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which pending changes cannot have reached the database: those that were queued without a first
 * attempt of unknown outcome and that the drain has not taken up yet. They can be taken back. All
 * others may be there, those of an earlier run of this node and those settled a moment ago
 * included. Holds no more than what is pending. Thread-safe.
 */
final class SentChanges {

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<UUID> unsent = ConcurrentHashMap.newKeySet();
  private final Set<UUID> takenBack = new HashSet<>();
  private boolean inBatch;

  boolean mayBeSent(UUID changeId) {
    return !unsent.contains(changeId);
  }

  /** A change is about to be queued that nobody has tried to send. */
  void queued(UUID changeId) {
    unsent.add(changeId);
  }

  /** A change is not in the queue any more, or did not get there. */
  void gone(UUID changeId) {
    unsent.remove(changeId);
  }

  /** The drain is about to read a batch from the queue. */
  void beginBatch() {
    lock.lock();
    try {
      inBatch = true;
    } finally {
      lock.unlock();
    }
  }

  /** The drain is done with the batch that it read. */
  void endBatch() {
    lock.lock();
    try {
      inBatch = false;
      takenBack.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that the drain is about to send a change; false if it was taken back. */
  boolean take(UUID changeId) {
    lock.lock();
    try {
      if (takenBack.contains(changeId)) {
        return false;
      }
      unsent.remove(changeId);
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
      if (changes.stream().anyMatch(change -> mayBeSent(change.id()))) {
        return false;
      }
      settle.run();
      for (Change change : changes) {
        unsent.remove(change.id());
        if (inBatch) {
          takenBack.add(change.id());
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
