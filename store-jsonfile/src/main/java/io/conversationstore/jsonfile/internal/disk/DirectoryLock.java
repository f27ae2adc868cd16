package io.conversationstore.jsonfile.internal.disk;

import io.conversationstore.StoreLockedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Restricts a directory to one store: an operating system lock on the file {@code LOCK} excludes
 * other processes, and {@link HeldDirectories} excludes a second store in this process.
 *
 * <p>On POSIX systems, closing any descriptor of a file drops all locks of the process on it. So
 * {@code LOCK} is always empty, and only the holder of the registry entry opens it. The entry is
 * made under the directory's path and under the file key of {@code LOCK}: two names of one
 * directory (a bind mount) count as one. If Java knows a lock that the registry does not, the
 * channel that met it stays open for good, one for each file, and serves the next attempt. {@code
 * LOCK.owner} names the holder. The system releases the lock of a dead process. If the lock is free
 * while the process in {@code LOCK.owner} lives, its {@code LOCK} was deleted. Thread-safe.
 */
public final class DirectoryLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

  /**
   * The holder, then the start time and the file key that exclude reused pids and copied
   * directories.
   */
  private static final Pattern NOTE =
      Pattern.compile(
          """
          pid (?<pid>\\d{1,18}) on (?<host>\\S+) since \\S+
          started (?<started>\\d{4}-[0-9T:.-]+Z) directory (?<directory>.*)
          """);

  /** The system reports the start of a process with an accuracy of about a second. */
  private static final Duration SAME_START = Duration.ofSeconds(3);

  private static final long POLL_NANOS = Duration.ofMillis(25).toNanos();

  /** Channels that must not be closed, by use and file key. */
  private static final Map<String, FileChannel> LEFT_OPEN = new ConcurrentHashMap<>();

  private final Path directory;
  private final Names names;
  private final Use use;
  private final FileChannel channel;
  private final boolean mayBeShared;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DirectoryLock(
      Path directory, Names names, Use use, FileChannel channel, boolean mayBeShared) {
    this.directory = directory;
    this.names = names;
    this.use = use;
    this.channel = channel;
    this.mayBeShared = mayBeShared;
  }

  /**
   * Whether a process that has lost the lock unnoticed may still have files open: {@code LOCK} was
   * missing, or the last holder did not close.
   */
  public boolean mayBeShared() {
    return mayBeShared;
  }

  /** Allows changes to files only while {@code LOCK} is the locked file. */
  public void guard(DiskFiles files) {
    files.guardBy(directory.resolve(FileNames.LOCK), names.key);
  }

  private enum Use {
    /** For a store, which is written to {@code LOCK.owner}. */
    WRITES,
    /** For a reader that changes nothing, not even the date of {@code LOCK}. */
    READS
  }

  /** The names of a directory in the registry, and the note entered there. */
  private record Names(String path, String file, @Nullable Object key, String note) {

    static Names of(Path directory) throws IOException {
      Object key = DiskFiles.key(directory.resolve(FileNames.LOCK));
      return new Names(
          directory.toString(),
          fileKey(directory, key),
          key,
          Instant.now() + " " + UUID.randomUUID());
    }

    /** The start of the hold, from the note. */
    String since() {
      return since(note);
    }

    private static String since(String note) {
      return note.substring(0, note.indexOf(' '));
    }

    /** Enters the directory and returns null, or returns the start of the current hold. */
    @Nullable String hold() {
      String other = HeldDirectories.hold(path, note);
      if (other == null) {
        other = HeldDirectories.hold(file, note);
        if (other != null) {
          HeldDirectories.release(path, note);
        }
      }
      return other == null ? null : since(other);
    }

    void release() {
      HeldDirectories.release(file, note);
      HeldDirectories.release(path, note);
    }
  }

  /** Identifies the file {@code LOCK} under any name, without opening it. */
  private static String fileKey(Path directory) throws IOException {
    return fileKey(directory, DiskFiles.key(directory.resolve(FileNames.LOCK)));
  }

  private static String fileKey(Path directory, @Nullable Object key) {
    return key == null ? directory.resolve(FileNames.LOCK).toString() : "LOCK " + key;
  }

  /**
   * Takes the lock.
   *
   * @throws StoreLockedException if another store still has it after {@code wait}
   */
  public static DirectoryLock take(Path path, Duration wait) throws IOException {
    return take(path, wait, Thread.currentThread()::isInterrupted);
  }

  /**
   * Like {@link #take(Path, Duration)}, on a thread that works for another one.
   *
   * @param interrupted whether the other thread was interrupted, which ends the wait
   */
  public static DirectoryLock take(Path path, Duration wait, BooleanSupplier interrupted)
      throws IOException {
    return take(path, wait, Use.WRITES, interrupted);
  }

  /**
   * Takes the lock and changes nothing in the directory, which may be read-only.
   *
   * @return null if there is no {@code LOCK}, because then no store can hold it
   * @param interrupted as in {@link #take(Path, Duration, BooleanSupplier)}
   * @throws StoreLockedException if a store still has it after {@code wait}
   */
  public static @Nullable DirectoryLock takeToRead(
      Path path, Duration wait, BooleanSupplier interrupted) throws IOException {
    return Files.exists(path.resolve(FileNames.LOCK))
        ? take(path, wait, Use.READS, interrupted)
        : null;
  }

  private static DirectoryLock take(Path path, Duration wait, Use use, BooleanSupplier interrupted)
      throws IOException {
    Path directory = path.toRealPath();
    Wait waits = new Wait(directory, wait, interrupted);
    boolean made = false;
    while (true) {
      if (use == Use.WRITES) {
        made |= makeFile(directory);
      }
      Names names = Names.of(directory);
      String since = names.hold();
      DirectoryLock lock = since == null ? take(directory, names, use, waits, made) : null;
      if (lock != null) {
        return lock;
      }
      if (since != null) {
        waits.pause(
            "another store of this process: " + self(since), "; use that one, or close it first");
      }
    }
  }

  /**
   * A bounded wait for the current holder. It is logged when it begins, because the process would
   * otherwise seem to hang.
   */
  private static final class Wait {
    private final Path directory;
    private final Duration longest;
    private final long deadline;
    private final BooleanSupplier interrupted;
    private boolean reported;

    Wait(Path directory, Duration longest, BooleanSupplier interrupted) {
      this.directory = directory;
      this.longest = longest;
      this.deadline = System.nanoTime() + longest.toNanos();
      this.interrupted = interrupted;
    }

    /**
     * Waits briefly.
     *
     * @param holder the current holder of the directory
     * @param advice what to do if the holder does not release it
     * @throws StoreLockedException if the time is over
     */
    void pause(String holder, String advice) throws InterruptedIOException {
      if (isOver(deadline)) {
        throw new StoreLockedException(directory + " is in use by " + holder + advice);
      }
      if (!reported) {
        reported = true;
        LOG.warn(
            "{} is in use by {}. Waiting for up to {} s until it is closed.",
            directory,
            holder,
            String.format(Locale.ROOT, "%.1f", longest.toMillis() / 1_000.0));
      }
      DirectoryLock.pause(interrupted);
    }
  }

  /** Returns null if the locked file is no longer {@code LOCK}. */
  private static @Nullable DirectoryLock take(
      Path directory, Names names, Use use, Wait waits, boolean made) throws IOException {
    DirectoryLock taken = null;
    FileChannel channel = null;
    try {
      channel = waitForOthers(directory, names, use, waits);
      if (!isPresent(directory, names)) {
        return null;
      }
      boolean unclosed = false;
      if (use == Use.WRITES) {
        waitForOwner(directory, waits);
        unclosed = Files.exists(directory.resolve(FileNames.LOCK_OWNER));
        writeOwner(directory, names);
      }
      taken = new DirectoryLock(directory, names, use, channel, made || unclosed);
      return taken;
    } finally {
      if (taken == null) {
        if (channel != null) {
          channel.close();
        }
        names.release();
      }
    }
  }

  private static boolean isPresent(Path directory, Names names) throws IOException {
    try {
      return names.file.equals(fileKey(directory));
    } catch (NoSuchFileException e) {
      LOG.trace("The file was deleted meanwhile", e);
      return false;
    }
  }

  /** Does not open an existing file. Returns whether the file was made. */
  private static boolean makeFile(Path directory) throws IOException {
    Path file = directory.resolve(FileNames.LOCK);
    if (!Files.exists(file)) {
      try {
        Files.createFile(file, DiskFiles.ofNewFile(directory));
        return true;
      } catch (FileAlreadyExistsException e) {
        LOG.trace("Another process created the file first", e);
      }
    }
    return false;
  }

  /**
   * Waits while the process in {@code LOCK.owner} lives. The lock is free, so the {@code LOCK} of
   * that process was deleted or replaced, and the process continues until it notices.
   */
  private static void waitForOwner(Path directory, Wait waits) throws IOException {
    while (isOwnerAlive(directory)) {
      waits.pause(
          "another process, whose " + FileNames.LOCK + " was deleted: " + holder(directory),
          "; end that process first");
    }
  }

  /**
   * Whether {@code LOCK.owner} names another living process, for this directory and not a copy of
   * it.
   */
  private static boolean isOwnerAlive(Path directory) throws IOException {
    Path note = directory.resolve(FileNames.LOCK_OWNER);
    if (!Files.exists(note)) {
      return false;
    }
    Matcher noted;
    try {
      noted = NOTE.matcher(Files.readString(note, StandardCharsets.UTF_8));
    } catch (NoSuchFileException | MalformedInputException e) {
      LOG.trace("The file names no process", e);
      return false;
    }
    if (!noted.matches()
        || !noted.group("host").equals(host())
        || !noted.group("directory").equals(String.valueOf(DiskFiles.key(directory)))) {
      return false;
    }
    long pid = Long.parseLong(noted.group("pid"));
    Instant started = Instant.parse(noted.group("started"));
    return pid != ProcessHandle.current().pid()
        && ProcessHandle.of(pid)
            .flatMap(process -> process.info().startInstant())
            .filter(start -> Duration.between(start, started).abs().compareTo(SAME_START) < 0)
            .isPresent();
  }

  private static boolean isOver(long deadline) {
    return System.nanoTime() - deadline >= 0;
  }

  private static FileChannel waitForOthers(Path directory, Names names, Use use, Wait waits)
      throws IOException {
    boolean shared = use == Use.READS;
    String left = use + " " + names.file;
    FileChannel leftOpen = LEFT_OPEN.remove(left);
    FileChannel channel =
        leftOpen != null
            ? leftOpen
            : FileChannel.open(
                directory.resolve(FileNames.LOCK),
                shared ? StandardOpenOption.READ : StandardOpenOption.WRITE);
    boolean locked = false;
    boolean mayClose = leftOpen == null;
    try {
      while (!locked) {
        boolean heldHere = false;
        try {
          locked = channel.tryLock(0, Long.MAX_VALUE, shared) != null;
        } catch (OverlappingFileLockException e) {
          heldHere = true;
          mayClose = false;
        }
        if (!locked) {
          waits.pause(
              (heldHere ? "something else of this process: " : "another process: ")
                  + holder(directory),
              "");
        }
      }
      return channel;
    } finally {
      if (!locked && mayClose) {
        channel.close();
      } else if (!locked) {
        LEFT_OPEN.put(left, channel);
      }
    }
  }

  /** An interrupted opener stops waiting and stays interrupted. */
  private static void pause(BooleanSupplier interrupted) throws InterruptedIOException {
    LockSupport.parkNanos(POLL_NANOS);
    if (interrupted.getAsBoolean()) {
      throw new InterruptedIOException(
          "the thread was interrupted while another store used the directory");
    }
  }

  private static String self(String since) {
    return "pid " + ProcessHandle.current().pid() + " on " + host() + " since " + since;
  }

  private static void writeOwner(Path directory, Names names) {
    Path temporary = directory.resolve(FileNames.LOCK_OWNER_TEMPORARY);
    try {
      Object key = DiskFiles.key(directory);
      String started =
          ProcessHandle.current()
              .info()
              .startInstant()
              .map(start -> "started " + start + " directory " + key + "\n")
              .orElse("");
      String owner = self(names.since()) + "\n" + started;
      Files.deleteIfExists(temporary);
      Files.createFile(temporary, DiskFiles.ofNewFile(directory));
      Files.writeString(temporary, owner, StandardCharsets.UTF_8);
      Files.move(
          temporary, directory.resolve(FileNames.LOCK_OWNER), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.debug("The process that holds {} could not be recorded", directory, e);
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
      String note =
          Files.readString(directory.resolve(FileNames.LOCK_OWNER), StandardCharsets.UTF_8);
      return note.lines().findFirst().orElse("").strip();
    } catch (IOException notNoted) {
      return "its id is unknown";
    }
  }

  /** Whether {@code LOCK.owner} still names this store. */
  private boolean isNoted() {
    return holder(directory).equals(self(names.since()));
  }

  /** Releases the lock. Further calls, from any thread, do nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try (channel) {
      if (use == Use.WRITES && isNoted()) {
        Files.deleteIfExists(directory.resolve(FileNames.LOCK_OWNER));
      }
    } catch (IOException e) {
      LOG.warn("The lock of {} could not be closed", directory, e);
    } finally {
      names.release();
    }
  }
}
