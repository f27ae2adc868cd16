package io.conversationstore.jsonfile.internal.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of a real directory. On file systems with POSIX permissions the directory gets 0700 and its
 * files 0600. An existing directory that also holds other files keeps its permissions. Thread-safe.
 * An interrupted reader gets its answer and stays interrupted: the channel that Java closes is
 * opened again.
 */
public final class DiskFiles implements LogFiles {
  private static final Logger LOG = LoggerFactory.getLogger(DiskFiles.class);
  private static final int BLANKS = 64 << 10;

  /**
   * The most bytes passed to a channel at a time. Java copies them to off-heap memory, and each
   * thread keeps a buffer of the size of its largest call.
   */
  static final int PIECE = 64 << 10;

  private final Path directory;
  private final boolean posix;

  /** Whether files are opened for reading only. */
  private final boolean readsOnly;

  /** A file that distinguishes the directory from one put in its place; null until it is set. */
  private volatile @Nullable Path guard;

  private volatile @Nullable Object guardKey;

  private DiskFiles(Path directory, boolean posix, boolean readsOnly) {
    this.directory = directory;
    this.posix = posix;
    this.readsOnly = readsOnly;
  }

  /** Read-only access to the files of an existing directory. */
  public static DiskFiles toRead(Path directory) {
    return new DiskFiles(directory, isPosix(directory), true);
  }

  /** Makes the directory if it is missing. */
  public static DiskFiles in(Path directory) throws IOException {
    boolean posix = isPosix(directory);
    if (!Files.isDirectory(directory)) {
      Path parent = directory.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.createDirectories(directory, attributes(posix, "rwx------"));
      forceDirectory(parent);
    }
    DiskFiles files = new DiskFiles(directory, posix, false);
    if (posix && files.list().stream().allMatch(FileNames::isOwn)) {
      closeToOthers(directory);
    }
    return files;
  }

  /**
   * Restricts the permissions to the owner if that is allowed. A mounted directory may belong to
   * another user and is still usable if it can be written.
   */
  private static void closeToOthers(Path directory) throws IOException {
    Set<PosixFilePermission> wanted = PosixFilePermissions.fromString("rwx------");
    Set<PosixFilePermission> present = Files.getPosixFilePermissions(directory);
    if (present.equals(wanted)) {
      return;
    }
    try {
      Files.setPosixFilePermissions(directory, wanted);
    } catch (FileSystemException e) {
      LOG.warn(
          "The permissions of {} stay {} because another user owns it ({}); its files have"
              + " rw-------",
          directory,
          PosixFilePermissions.toString(present),
          e.getReason());
    }
  }

  /**
   * From now on refuses changes if this file is missing or is another file: the directory was
   * deleted or moved, and the path may belong to another owner.
   *
   * @param path of a file that stays open, so the system does not reuse its file number
   * @param key the file key
   */
  void guardBy(Path path, @Nullable Object key) {
    guardKey = key;
    guard = path;
  }

  private void requireSame() throws IOException {
    if (readsOnly) {
      throw new ReadOnlyFileSystemException();
    }
    requireHeld();
  }

  @Override
  public void requireHeld() throws IOException {
    Path path = guard;
    if (path != null) {
      requireKey(path, guardKey);
    }
  }

  private static void requireKey(Path path, @Nullable Object key) throws IOException {
    requireKey(path, key, key(path));
  }

  private static void requireKey(Path path, @Nullable Object key, @Nullable Object present)
      throws IOException {
    if (!Objects.equals(key, present)) {
      throw new NoSuchFileException(path.toString(), null, "another file has this name");
    }
  }

  /** Identifies a file among files of the same name; null if the system has no file keys. */
  static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  private static boolean isPosix(Path directory) {
    return directory.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** The attributes of a new file in the directory: only its owner can read and write it. */
  static FileAttribute<?>[] ofNewFile(Path directory) {
    return attributes(isPosix(directory), "rw-------");
  }

  private static FileAttribute<?>[] attributes(boolean posix, String rights) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))
        }
        : new FileAttribute<?>[0];
  }

  @Override
  public String describe() {
    return directory.toString();
  }

  @Override
  public long usableBytes() {
    try {
      return Files.getFileStore(directory).getUsableSpace();
    } catch (IOException e) {
      LOG.debug("The free space for {} is unknown", directory, e);
      return Long.MAX_VALUE;
    }
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> paths = Files.list(directory)) {
      return paths.map(path -> String.valueOf(path.getFileName())).toList();
    }
  }

  @Override
  public LogFile create(String name) throws IOException {
    requireSame();
    return new DiskFile(directory.resolve(name), true);
  }

  @Override
  public LogFile open(String name) throws IOException {
    return new DiskFile(directory.resolve(name), false);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    requireSame();
    Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(String name) throws IOException {
    requireSame();
    Files.deleteIfExists(directory.resolve(name));
  }

  @Override
  public void unshare() throws IOException {
    if (!directory.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return;
    }
    boolean copied = false;
    for (String name : list()) {
      if (Segments.number(name) != 0 && hasOtherNames(directory.resolve(name))) {
        LOG.info("{} in {} has a second hard link; the file is copied", name, directory);
        write(
            FileNames.REPAIR_TEMPORARY,
            to -> {
              try (LogFile shared = open(name)) {
                shared.copyTo(to, 0, shared.size());
              }
            });
        rename(FileNames.REPAIR_TEMPORARY, name);
        copied = true;
      }
    }
    if (copied) {
      forceDirectory();
    }
  }

  private static boolean hasOtherNames(Path path) throws IOException {
    return ((Number) Files.getAttribute(path, "unix:nlink")).intValue() > 1;
  }

  @Override
  public void forceDirectory() throws IOException {
    forceDirectory(directory);
  }

  /** Windows cannot open a directory and needs no such call. */
  private static void forceDirectory(@Nullable Path path) throws IOException {
    if (path == null || System.getProperty("os.name", "").startsWith("Windows")) {
      return;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** A file with one channel for appending, used by the one writing thread, and one for reading. */
  private final class DiskFile implements LogFile {
    private final Path path;
    private final @Nullable Object key;
    private final FileChannel appender;
    private final Object opening = new Object();
    private volatile FileChannel reader;
    private volatile boolean closed;

    /** The least length that the file must have, in bytes. */
    private volatile long least;

    DiskFile(Path path, boolean create) throws IOException {
      this.path = path;
      Set<OpenOption> options =
          create
              ? Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
              : Set.of(readsOnly ? StandardOpenOption.READ : StandardOpenOption.WRITE);
      this.appender = FileChannel.open(path, options, attributes(posix && create, "rw-------"));
      boolean opened = false;
      try {
        least = appender.size();
        appender.position(least);
        this.key = key(path);
        this.reader = FileChannel.open(path, StandardOpenOption.READ);
        opened = true;
      } finally {
        if (!opened) {
          // For example, too many open files. A file left behind would block its name.
          appender.close();
          if (create) {
            Files.deleteIfExists(path);
          }
        }
      }
    }

    @Override
    public long size() throws IOException {
      return appender.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int start = into.position();
      boolean interrupted = Thread.interrupted();
      try {
        while (true) {
          FileChannel channel = reader;
          try {
            into.position(start);
            return readPieces(channel, into, position);
          } catch (ClosedChannelException e) {
            interrupted |= Thread.interrupted();
            reopen(channel, e);
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    /** Reads until the buffer is full or the file ends; returns the number of bytes read. */
    private static int readPieces(FileChannel channel, ByteBuffer into, long position)
        throws IOException {
      int start = into.position();
      int limit = into.limit();
      try {
        while (into.position() < limit) {
          into.limit(Math.min(limit, into.position() + PIECE));
          if (channel.read(into, position + into.position() - start) < 0) {
            break;
          }
        }
        return into.position() - start;
      } finally {
        into.limit(limit);
      }
    }

    private void reopen(FileChannel old, ClosedChannelException cause) throws IOException {
      synchronized (opening) {
        if (closed) {
          throw cause;
        }
        if (reader.equals(old)) {
          reader = FileChannel.open(path, StandardOpenOption.READ);
        }
      }
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
      // After another process truncated the file, a write would leave an unreadable hole.
      requireWhole();
      int limit = bytes.limit();
      try {
        while (bytes.position() < limit) {
          bytes.limit(Math.min(limit, bytes.position() + PIECE));
          appender.write(bytes);
        }
      } finally {
        bytes.limit(limit);
        least = Math.max(least, appender.position());
      }
    }

    @Override
    public void overwrite(long position, ByteBuffer bytes) throws IOException {
      requireSame();
      int limit = bytes.limit();
      int start = bytes.position();
      try {
        while (bytes.position() < limit) {
          bytes.limit(Math.min(limit, bytes.position() + PIECE));
          appender.write(bytes, position + bytes.position() - start);
        }
      } finally {
        bytes.limit(limit);
      }
    }

    @Override
    public void reserve(long bytes) throws IOException {
      byte[] blanks = new byte[(int) Math.min(bytes, BLANKS)];
      Arrays.fill(blanks, (byte) ' ');
      long at = appender.position();
      for (long end = at + bytes; at < end; ) {
        at += appender.write(ByteBuffer.wrap(blanks, 0, (int) Math.min(BLANKS, end - at)), at);
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      requireSame();
      least = size;
      appender.truncate(size);
      appender.position(size);
    }

    @Override
    public void force() throws IOException {
      appender.force(false);
      // Forcing a deleted file succeeds but keeps nothing. This check comes last: an opener that
      // takes another lock creates that lock before it reads the files.
      requireNamed();
    }

    @Override
    public void requireWhole() throws IOException {
      requireWhole(appender.size());
    }

    private void requireWhole(long size) throws IOException {
      if (size < least) {
        throw new NoSuchFileException(path.toString(), null, SHORTER);
      }
    }

    @Override
    public void requireNamed() throws IOException {
      BasicFileAttributes present = Files.readAttributes(path, BasicFileAttributes.class);
      requireKey(path, key, present.fileKey());
      requireWhole(present.size());
      requireHeld();
    }

    @Override
    public void close() throws IOException {
      synchronized (opening) {
        closed = true;
        reader.close();
      }
      appender.close();
    }
  }
}
