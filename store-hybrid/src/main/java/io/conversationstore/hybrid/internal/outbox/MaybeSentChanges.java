package io.conversationstore.hybrid.internal.outbox;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The pending changes that cannot have reached the database: those queued without a first attempt
 * and not yet taken up by the drain. All others may have reached it, including those of an earlier
 * run of this node and those settled just now. Its size is bounded by the pending changes.
 * Thread-safe.
 */
public final class MaybeSentChanges {

  private final Set<UUID> unsent = ConcurrentHashMap.newKeySet();

  public boolean mayBeSent(UUID changeId) {
    return !unsent.contains(changeId);
  }

  /** A change that was never sent is about to be queued. */
  void queued(UUID changeId) {
    unsent.add(changeId);
  }

  /** The drain is about to send a change, or the change has left the queue. */
  void gone(UUID changeId) {
    unsent.remove(changeId);
  }
}
