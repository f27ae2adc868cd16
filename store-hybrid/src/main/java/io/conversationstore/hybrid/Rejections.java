package io.conversationstore.hybrid;

import io.conversationstore.StoreState.Rejected;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The latest changes that the database does not hold, and why. Thread-safe. */
final class Rejections {

  private static final Logger LOG = LoggerFactory.getLogger(Rejections.class);
  private static final int MAX = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Rejected> latest = new ArrayDeque<>();

  Rejections(List<Rejected> parked) {
    latest.addAll(parked.subList(Math.max(0, parked.size() - MAX), parked.size()));
  }

  void add(Rejected rejected) {
    LOG.warn(
        "Pending change {} of {} (conversation {}) was {}: {}",
        rejected.changeId(),
        rejected.owner(),
        rejected.conversationId(),
        rejected.parked() ? "parked" : "dropped",
        rejected.reason());
    lock.lock();
    try {
      latest.addLast(rejected);
      if (latest.size() > MAX) {
        latest.removeFirst();
      }
    } finally {
      lock.unlock();
    }
  }

  /** An operator has decided. */
  void remove(UUID changeId) {
    lock.lock();
    try {
      latest.removeIf(rejected -> rejected.changeId().equals(changeId));
    } finally {
      lock.unlock();
    }
  }

  List<Rejected> list() {
    lock.lock();
    try {
      return new ArrayList<>(latest);
    } finally {
      lock.unlock();
    }
  }
}
