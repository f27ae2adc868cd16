package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.jsonfile.internal.format.Manifest;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The index with its lock, and the manifest. Only the log thread writes; it releases the lock while
 * it waits for the disk. Thread-safe.
 */
public final class SharedIndex {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Index index;
  private volatile Manifest manifest;
  private volatile boolean closed;

  public SharedIndex(Index index, Manifest manifest) {
    this.index = index;
    this.manifest = manifest;
  }

  /** Reads under the read lock. */
  public <T> T read(Function<Index, T> reading) {
    requireOpen();
    lock.readLock().lock();
    try {
      return reading.apply(index);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Like {@link #read}, for values that may be null. */
  public <T> @Nullable T readNullable(Function<Index, @Nullable T> reading) {
    requireOpen();
    lock.readLock().lock();
    try {
      return reading.apply(index);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The index, for the log thread, which alone changes it. */
  public Index forLogThread() {
    return index;
  }

  /** Changes the index, on the log thread. */
  public void write(Runnable change) {
    lock.writeLock().lock();
    try {
      change.run();
    } finally {
      lock.writeLock().unlock();
    }
  }

  public Manifest manifest() {
    return manifest;
  }

  public void setManifest(Manifest newManifest) {
    manifest = newManifest;
  }

  public void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  public void close() {
    closed = true;
  }
}
