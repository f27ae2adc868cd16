package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps what lies beneath pending changes still while they are laid over it: otherwise a change
 * that arrives between two questions would be missing in one answer and expected in the other. The
 * database and the local copy are held apart, so that a silent database does not hold up those who
 * read the copy. Thread-safe.
 */
final class OverlayLocks {

  private static final int STRIPES = 64;

  private final ReentrantReadWriteLock copy = new ReentrantReadWriteLock(true);
  private final ReentrantReadWriteLock[] database = new ReentrantReadWriteLock[STRIPES];

  OverlayLocks() {
    for (int i = 0; i < STRIPES; i++) {
      database[i] = new ReentrantReadWriteLock(true);
    }
  }

  /** Reads while no pending change of the owner is applied beneath. */
  <T> T reading(boolean fromCopy, Owner owner, Supplier<T> action) {
    return locked(fromCopy ? copy.readLock() : stripe(owner).readLock(), action);
  }

  /** Applies a pending change to the database. */
  <T> T applying(Owner owner, Supplier<T> action) {
    return locked(stripe(owner).writeLock(), action);
  }

  /** Puts committed states into the local copy. */
  <T> T mirroring(Supplier<T> action) {
    return locked(copy.writeLock(), action);
  }

  private ReentrantReadWriteLock stripe(Owner owner) {
    int hash = owner.hashCode();
    return database[Math.floorMod(hash ^ (hash >>> 16), STRIPES)];
  }

  private static <T> T locked(Lock lock, Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }
}
