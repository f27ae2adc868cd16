package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps the base unchanged while pending changes are laid over it: a change that arrives between
 * two queries would otherwise be missing in one answer and expected in the other. The database and
 * the local copy have separate locks, so a silent database does not block readers of the copy.
 * Thread-safe.
 */
final class OverlayLocks {

  private static final int STRIPES = 64;

  private final Clockwork clockwork;
  private final ReentrantReadWriteLock copy = new ReentrantReadWriteLock(true);
  private final ReentrantReadWriteLock[] database = new ReentrantReadWriteLock[STRIPES];

  OverlayLocks(Clockwork clockwork) {
    this.clockwork = clockwork;
    for (int i = 0; i < STRIPES; i++) {
      database[i] = new ReentrantReadWriteLock(true);
    }
  }

  /** Reads while no pending change of the owner is applied to the base. */
  <T> T reading(boolean fromCopy, Owner owner, Supplier<T> action) {
    return locked(fromCopy ? copy.readLock() : database[stripe(owner)].readLock(), action);
  }

  /** Applies pending changes of these owners to the database. */
  <T> T applying(Set<Owner> owners, Supplier<T> action) {
    List<Lock> locks = new ArrayList<>();
    // Always in the same order, to avoid deadlock.
    owners.stream()
        .map(OverlayLocks::stripe)
        .distinct()
        .sorted()
        .forEach(stripe -> locks.add(database[stripe].writeLock()));
    locks.forEach(clockwork::take);
    try {
      return action.get();
    } finally {
      locks.forEach(Lock::unlock);
    }
  }

  /** Puts committed states into the local copy. */
  <T> T mirroring(Supplier<T> action) {
    return locked(copy.writeLock(), action);
  }

  private static int stripe(Owner owner) {
    int hash = owner.hashCode();
    return Math.floorMod(hash ^ (hash >>> 16), STRIPES);
  }

  private <T> T locked(Lock lock, Supplier<T> action) {
    clockwork.take(lock);
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }
}
