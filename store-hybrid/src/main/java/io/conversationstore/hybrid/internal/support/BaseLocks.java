package io.conversationstore.hybrid.internal.support;

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
public final class BaseLocks {

  private static final int STRIPES = 64;

  private final NodeScheduler scheduler;
  private final ReentrantReadWriteLock copy = new ReentrantReadWriteLock(true);
  private final ReentrantReadWriteLock[] database = new ReentrantReadWriteLock[STRIPES];

  public BaseLocks(NodeScheduler scheduler) {
    this.scheduler = scheduler;
    for (int i = 0; i < STRIPES; i++) {
      database[i] = new ReentrantReadWriteLock(true);
    }
  }

  /** Reads while no pending change of the owner is applied to the base. */
  public <T> T reading(boolean fromCopy, Owner owner, Supplier<T> action) {
    return locked(fromCopy ? copy.readLock() : database[stripe(owner)].readLock(), action);
  }

  /** Applies pending changes of these owners to the database. */
  public <T> T applying(Set<Owner> owners, Supplier<T> action) {
    List<Lock> locks = new ArrayList<>();
    // Always in the same order, to avoid deadlock.
    owners.stream()
        .map(BaseLocks::stripe)
        .distinct()
        .sorted()
        .forEach(stripe -> locks.add(database[stripe].writeLock()));
    locks.forEach(scheduler::acquire);
    try {
      return action.get();
    } finally {
      locks.forEach(Lock::unlock);
    }
  }

  /** Puts committed states into the local copy. */
  public <T> T mirroring(Supplier<T> action) {
    return locked(copy.writeLock(), action);
  }

  private static int stripe(Owner owner) {
    int hash = owner.hashCode();
    return Math.floorMod(hash ^ (hash >>> 16), STRIPES);
  }

  private <T> T locked(Lock lock, Supplier<T> action) {
    scheduler.acquire(lock);
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }
}
