package io.conversationstore.examples.chat.web;

import io.conversationstore.Owner;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Puts the check of a condition and the write behind it together, for writes of this server to one
 * conversation. The store takes no condition on a conversation's fields or a message's content: a
 * write of another server in between is not noticed.
 */
final class Writes {

  private static final int LOCKS = 64;

  private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

  Writes() {
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  <T> T alone(Owner owner, String conversation, Supplier<T> work) {
    int hash = 31 * owner.hashCode() + conversation.hashCode();
    ReentrantLock lock = locks[Math.floorMod(hash, LOCKS)];
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
