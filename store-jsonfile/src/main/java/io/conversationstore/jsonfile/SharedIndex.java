package io.conversationstore.jsonfile;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The index with its lock, and the manifest. Only the log thread writes; it releases the lock while
 * it waits for the disk. Thread-safe.
 */
final class SharedIndex {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Index index;
  private volatile Manifest manifest;
  private volatile boolean closed;

  SharedIndex(Index index, Manifest manifest) {
    this.index = index;
    this.manifest = manifest;
  }

  /** Reads under the read lock. */
  <T> T read(Function<Index, T> reading) {
    requireOpen();
    lock.readLock().lock();
    try {
      return reading.apply(index);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Like {@link #read}, for values that may be null. */
  <T> @Nullable T readNullable(Function<Index, @Nullable T> reading) {
    requireOpen();
    lock.readLock().lock();
    try {
      return reading.apply(index);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The index, for the log thread, which alone changes it. */
  Index own() {
    return index;
  }

  /** Changes the index, on the log thread. */
  void write(Runnable change) {
    lock.writeLock().lock();
    try {
      change.run();
    } finally {
      lock.writeLock().unlock();
    }
  }

  Manifest manifest() {
    return manifest;
  }

  void setManifest(Manifest newManifest) {
    manifest = newManifest;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  void close() {
    closed = true;
  }
}
