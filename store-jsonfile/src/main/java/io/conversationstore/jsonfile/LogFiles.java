package io.conversationstore.jsonfile;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The files of one directory: all that the store does to a disk goes through here, so that a test
 * can put a faulty disk behind it. Thread-safe.
 */
interface LogFiles {
  /** What an exception says of a file of which somebody has removed the end. */
  String SHORTER = "was made shorter by another process";

  /** For error texts. */
  String describe();

  /**
   * Checks that nobody else can have the directory.
   *
   * @throws java.nio.file.NoSuchFileException if its lock was deleted, moved or replaced
   */
  void requireHeld() throws IOException;

  /**
   * Gives each file of lines a content of its own, where it is known by another name as well, as in
   * a copy made of hard links: what is written here, cut off or erased is of this directory alone.
   */
  default void unshare() throws IOException {}

  /** How many more bytes the disk takes, as far as that is known; else more than any disk has. */
  default long usableBytes() {
    return Long.MAX_VALUE;
  }

  /** The names of all files, in no order. */
  List<String> list() throws IOException;

  /** Makes an empty file; fails if there is one of that name. */
  LogFile create(String name) throws IOException;

  /** Opens a file that is there, for reading and appending. */
  LogFile open(String name) throws IOException;

  /** Writes the content of a file. */
  @FunctionalInterface
  interface Content {
    void writeTo(LogFile file) throws IOException;
  }

  /**
   * Makes a file with its content, durable but for its name, in the place of one that was left
   * over. Where that fails nothing of it stays, as far as that can be had: it may be what fills the
   * disk.
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

  /** Durable after {@link #forceDirectory()}. Deleting what is not there does nothing. */
  void delete(String name) throws IOException;

  /** Makes creations, renames and deletes durable. */
  void forceDirectory() throws IOException;

  /** One open file. Reading is thread-safe; the rest is for one thread. */
  interface LogFile extends Closeable {
    /** In bytes, with those that were reserved. */
    long size() throws IOException;

    /** Reads until the buffer is full or the file ends; returns how many bytes. */
    int read(ByteBuffer into, long position) throws IOException;

    /** Appends what stands between two places, the second one or the end, to another file. */
    default void copyTo(LogFile to, long start, long end) throws IOException {
      long last = Math.min(end, size());
      for (long at = start; at < last; ) {
        ByteBuffer some = ByteBuffer.allocate((int) Math.min(1 << 20, last - at));
        if (read(some, at) < some.capacity()) {
          throw new IOException("a file became shorter while it was read");
        }
        at += some.capacity();
        to.append(some.flip());
      }
    }

    /**
     * Writes all of the bytes at the end. After an exception some of them may be there.
     *
     * @throws java.nio.file.NoSuchFileException as {@link #requireWhole()}; nothing was written
     */
    void append(ByteBuffer bytes) throws IOException;

    /**
     * Writes all of the bytes over others that are there. After an exception, and after a crash
     * before they were forced, any of them may be there.
     */
    void overwrite(long position, ByteBuffer bytes) throws IOException;

    /**
     * Writes blanks behind the end; it stays where it is, and what is appended replaces them. Of an
     * opened file the end is behind all of its bytes. After an exception some may be there.
     */
    void reserve(long bytes) throws IOException;

    /** Puts the end there, which is no further than the file goes, and removes all behind it. */
    void truncate(long size) throws IOException;

    /**
     * Makes the content durable. After a failure nothing is known of what was not before.
     *
     * @throws java.nio.file.NoSuchFileException as {@link #requireNamed()}
     */
    void force() throws IOException;

    /**
     * Checks that the file has all that was written to it.
     *
     * @throws java.nio.file.NoSuchFileException if it is shorter; its reason is {@link #SHORTER}
     */
    default void requireWhole() throws IOException {}

    /**
     * Checks that the file still has its name, and the directory its lock.
     *
     * @throws java.nio.file.NoSuchFileException if it was deleted or moved, or another one has its
     *     name: it takes writes all the same, and nobody will find them; as {@link
     *     #requireWhole()}; and as {@link LogFiles#requireHeld()}
     */
    void requireNamed() throws IOException;

    @Override
    void close() throws IOException;
  }
}
