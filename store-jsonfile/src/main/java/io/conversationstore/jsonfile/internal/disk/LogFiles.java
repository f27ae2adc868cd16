package io.conversationstore.jsonfile.internal.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The files of one directory. All disk access of the store goes through this interface, which lets
 * a test substitute a faulty disk. Thread-safe.
 */
public interface LogFiles {
  /** The reason in an exception about a file that another process truncated. */
  String SHORTER = "was truncated by another process";

  /** For error texts. */
  String describe();

  /**
   * Checks that no other process can hold the directory.
   *
   * @throws java.nio.file.NoSuchFileException if its lock was deleted, moved or replaced
   */
  void requireHeld() throws IOException;

  /**
   * Copies each file of lines that has another name too, as in a copy made of hard links. Later
   * writes, truncations and erasures then affect this directory alone.
   */
  default void unshare() throws IOException {}

  /** The free space of the disk in bytes, if known; otherwise more than any disk has. */
  default long usableBytes() {
    return Long.MAX_VALUE;
  }

  /** A new thread that works on these files, not started. It does not keep the JVM running. */
  default Thread newThread(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** The names of all files, in no particular order. */
  List<String> list() throws IOException;

  /** Creates an empty file; fails if the name exists. */
  LogFile create(String name) throws IOException;

  /** Opens an existing file for reading and appending. */
  LogFile open(String name) throws IOException;

  /** Writes the content of a file. */
  @FunctionalInterface
  interface Content {
    void writeTo(LogFile file) throws IOException;
  }

  /**
   * Creates a file with its content, durable except for its name, replacing any leftover. After a
   * failure it tries to remove the file, which may be what fills the disk.
   *
   * @return its size in bytes
   */
  default long write(String name, Content content) throws IOException {
    delete(name);
    try (LogFile file = create(name)) {
      content.writeTo(file);
      file.force();
      return file.size();
    } catch (IOException | RuntimeException | Error e) {
      try {
        delete(name);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /** Renames atomically, over an existing file. Durable after {@link #forceDirectory()}. */
  void rename(String from, String to) throws IOException;

  /** Durable after {@link #forceDirectory()}. Deleting a missing file does nothing. */
  void delete(String name) throws IOException;

  /** Makes creations, renames and deletions durable. */
  void forceDirectory() throws IOException;

  /** One open file. Reading is thread-safe; all other calls come from one thread. */
  interface LogFile extends Closeable {
    /** In bytes, including reserved ones. */
    long size() throws IOException;

    /** Reads until the buffer is full or the file ends; returns the number of bytes read. */
    int read(ByteBuffer into, long position) throws IOException;

    /**
     * Appends the bytes from {@code start} to {@code end} or the end of the file to another file.
     */
    default void copyTo(LogFile to, long start, long end) throws IOException {
      long last = Math.min(end, size());
      for (long at = start; at < last; ) {
        ByteBuffer some = ByteBuffer.allocate((int) Math.min(1 << 20, last - at));
        if (read(some, at) < some.capacity()) {
          throw new IOException("a file was truncated while it was read");
        }
        at += some.capacity();
        to.append(some.flip());
      }
    }

    /**
     * Writes all bytes at the end. After an exception some of them may be there.
     *
     * @throws java.nio.file.NoSuchFileException as {@link #requireWhole()}; nothing was written
     */
    void append(ByteBuffer bytes) throws IOException;

    /**
     * Writes all bytes over existing ones. After an exception, and after a crash before they were
     * forced, any of them may be there.
     */
    void overwrite(long position, ByteBuffer bytes) throws IOException;

    /**
     * Writes blanks behind the end. The end does not move, and appended bytes replace the blanks.
     * When a file is opened, its end is behind all of its bytes. After an exception some blanks may
     * be there.
     */
    void reserve(long bytes) throws IOException;

    /** Moves the end back to a size within the file and removes all bytes behind it. */
    void truncate(long size) throws IOException;

    /**
     * Makes the content durable. After a failure, the state of bytes not yet durable is unknown.
     *
     * @throws java.nio.file.NoSuchFileException as {@link #requireNamed()}
     */
    void force() throws IOException;

    /**
     * Checks that the file still holds all bytes written to it.
     *
     * @throws java.nio.file.NoSuchFileException if it is shorter; its reason is {@link #SHORTER}
     */
    default void requireWhole() throws IOException {}

    /**
     * Checks that the file still has its name, and the directory its lock.
     *
     * @throws java.nio.file.NoSuchFileException if it was deleted or moved, or another file has its
     *     name: it still accepts writes, but the next start will not find them; as {@link
     *     #requireWhole()}; and as {@link LogFiles#requireHeld()}
     */
    void requireNamed() throws IOException;

    @Override
    void close() throws IOException;
  }
}
