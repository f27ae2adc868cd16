package io.conversationstore.hybrid.internal.support;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Distinguishes a recurring failure from a new one: a broken disk fails every second, but is logged
 * once until it works again. Thread-safe.
 */
public final class RepeatedFailureFilter {

  private record Kind(Class<?> failure, Class<?> cause) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Kind> met = new HashSet<>();

  /** The class name of the last failure; null while it works. */
  private volatile @Nullable String last;

  /** The present failure, without content; null while it works. */
  public @Nullable String last() {
    return last;
  }

  /** Whether this kind of failure is the first since it worked. */
  public boolean isNew(Throwable failure) {
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

  /** Logs a failure: as a warning if it is new. */
  public void warn(Logger log, String what, Throwable failure) {
    if (isNew(failure)) {
      log.warn(what, failure);
    } else {
      log.debug(what, failure);
    }
  }

  /** The failing action works again. */
  public void isOver() {
    last = null;
    lock.lock();
    try {
      met.clear();
    } finally {
      lock.unlock();
    }
  }
}
