package io.conversationstore.hybrid;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What keeps failing in the same way, told from what is new: a broken disk is met each second, and
 * said once until it is well. Thread-safe.
 */
final class Trouble {

  private record Kind(Class<?> failure, Class<?> cause) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Kind> met = new HashSet<>();

  /** What failed last, by the name of its class; null where it is well. */
  private volatile @Nullable String last;

  /** What keeps it from working, without content; null where it is well. */
  @Nullable String last() {
    return last;
  }

  /** Whether nothing failed in this way since it was well. */
  boolean isNew(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    last = cause.getClass().getSimpleName();
    lock.lock();
    try {
      return met.add(new Kind(failure.getClass(), cause.getClass()));
    } finally {
      lock.unlock();
    }
  }

  /** What failed works again. */
  void isOver() {
    last = null;
    lock.lock();
    try {
      met.clear();
    } finally {
      lock.unlock();
    }
  }
}
