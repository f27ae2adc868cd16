package io.conversationstore.hybrid;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which pending changes cannot have reached the database: those that were queued without a first
 * attempt and that the drain has not taken up yet. All others may be there, those of an earlier run
 * of this node and those settled a moment ago included. Holds no more than what is pending.
 * Thread-safe.
 */
final class SentChanges {

  private final Set<UUID> unsent = ConcurrentHashMap.newKeySet();

  boolean mayBeSent(UUID changeId) {
    return !unsent.contains(changeId);
  }

  /** A change is about to be queued that nobody has tried to send. */
  void queued(UUID changeId) {
    unsent.add(changeId);
  }

  /** The drain is about to send a change, or it is not in the queue any more. */
  void gone(UUID changeId) {
    unsent.remove(changeId);
  }
}
