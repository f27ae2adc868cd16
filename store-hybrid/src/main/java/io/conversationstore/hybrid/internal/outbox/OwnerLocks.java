package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Locks for conversations, striped over a fixed number, and one that excludes all of them for
 * actions on a whole owner. Thread-safe.
 */
final class OwnerLocks {

  private static final int STRIPES = 256;

  private final NodeScheduler scheduler;
  private final ReentrantReadWriteLock all = new ReentrantReadWriteLock();
  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  OwnerLocks(NodeScheduler scheduler) {
    this.scheduler = scheduler;
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new ReentrantLock();
    }
  }

  /** Runs the action while no other runs on this conversation. */
  <T> T of(Owner owner, String conversationId, Supplier<T> action) {
    int hash = 31 * owner.hashCode() + conversationId.hashCode();
    Lock stripe = stripes[Math.floorMod(hash ^ (hash >>> 16), STRIPES)];
    Lock shared = all.readLock();
    scheduler.acquire(shared);
    try {
      scheduler.acquire(stripe);
      try {
        return action.get();
      } finally {
        stripe.unlock();
      }
    } finally {
      shared.unlock();
    }
  }

  /** Runs the action while no other runs on any conversation. */
  <T> T exclusive(Supplier<T> action) {
    Lock exclusive = all.writeLock();
    scheduler.acquire(exclusive);
    try {
      return action.get();
    } finally {
      exclusive.unlock();
    }
  }
}
