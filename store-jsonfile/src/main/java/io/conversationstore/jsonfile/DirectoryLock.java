package io.conversationstore.jsonfile;

import io.conversationstore.StoreLockedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a directory to one store: an operating system lock on the file {@code LOCK} against other
 * processes, and a registry against a second store of this one.
 *
 * <p>The registry is asked first and {@code LOCK} holds nothing, because on POSIX systems closing
 * any descriptor of a file drops all of the process's locks on it. Who holds it stands in {@code
 * LOCK.owner}, for error texts alone; the lock of a dead process is gone with it. Thread-safe.
 */
final class DirectoryLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);
  static final String LOCK = "LOCK";
  private static final String OWNER = "LOCK.owner";
  private static final long POLL_NANOS = Duration.ofMillis(25).toNanos();
  private static final Map<Path, Instant> HELD_HERE = new ConcurrentHashMap<>();

  private final Path directory;
  private final FileChannel channel;

  private DirectoryLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @throws StoreLockedException if another store still has it after {@code wait}
   */
  static DirectoryLock take(Path path, Duration wait) throws IOException {
    Path directory = path.toRealPath();
    long deadline = System.nanoTime() + wait.toNanos();
    Instant since = HELD_HERE.putIfAbsent(directory, Instant.now());
    while (since != null) {
      if (System.nanoTime() - deadline >= 0) {
        throw new StoreLockedException(
            directory
                + " is in use by another store of this process: "
                + self(since)
                + "; use that one, or close it first");
      }
      pause();
      since = HELD_HERE.putIfAbsent(directory, Instant.now());
    }
    boolean taken = false;
    try {
      FileChannel channel = waitForOthers(directory, deadline);
      taken = true;
      return new DirectoryLock(directory, channel);
    } finally {
      if (!taken) {
        HELD_HERE.remove(directory);
      }
    }
  }

  private static FileChannel waitForOthers(Path directory, long deadline) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            DiskFiles.ofNewFile(directory));
    boolean locked = false;
    try {
      while (tryLock(channel) == null) {
        if (System.nanoTime() - deadline >= 0) {
          throw new StoreLockedException(
              directory + " is in use by another process: " + holder(directory));
        }
        pause();
      }
      locked = true;
      writeOwner(directory);
      return channel;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  /** An opener that is interrupted gives up waiting, and stays interrupted. */
  private static void pause() throws InterruptedIOException {
    LockSupport.parkNanos(POLL_NANOS);
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while another store uses the directory");
    }
  }

  private static String self(Instant since) {
    return "pid " + ProcessHandle.current().pid() + " on " + host() + " since " + since;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException heldThroughAnotherClassLoader) {
      return null;
    }
  }

  private static void writeOwner(Path directory) {
    String owner = self(Instant.now()) + "\n";
    Path temporary = directory.resolve(OWNER + ".tmp");
    try {
      Files.deleteIfExists(temporary);
      Files.createFile(temporary, DiskFiles.ofNewFile(directory));
      Files.writeString(temporary, owner, StandardCharsets.UTF_8);
      Files.move(temporary, directory.resolve(OWNER), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.debug("who holds {} could not be noted", directory, e);
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException unknown) {
      return "unknown host";
    }
  }

  private static String holder(Path directory) {
    try {
      return Files.readString(directory.resolve(OWNER), StandardCharsets.UTF_8).strip();
    } catch (IOException notNoted) {
      return "it did not note which";
    }
  }

  @Override
  public void close() {
    try (channel) {
      Files.deleteIfExists(directory.resolve(OWNER));
    } catch (IOException e) {
      LOG.warn("the lock of {} could not be closed", directory, e);
    } finally {
      HELD_HERE.remove(directory);
    }
  }
}
