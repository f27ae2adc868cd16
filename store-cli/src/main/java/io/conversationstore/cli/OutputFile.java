package io.conversationstore.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

/**
 * A file that appears under its name only when it is complete and on the disk. Until then it is a
 * temporary file beside it, which {@link #close} removes. Its owner alone can read it. For one
 * thread.
 */
final class OutputFile implements AutoCloseable {

  private static final int BUFFER = 1 << 16;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final OutputStream stream;

  /**
   * @throws CommandException if the directory does not exist
   */
  OutputFile(Path file) throws IOException {
    target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || Files.isDirectory(target)) {
      throw new CommandException(ExitCode.FILE, file + " is a directory; name a file");
    }
    temporary = directory.resolve(target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    boolean posix = target.getFileSystem().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] rights =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    try {
      channel =
          FileChannel.open(
              temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), rights);
    } catch (NoSuchFileException e) {
      throw new CommandException(
          ExitCode.FILE, "directory " + directory + " does not exist; create it first", e);
    }
    stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
  }

  OutputStream stream() {
    return stream;
  }

  /** Gives the file its name. */
  void commit() throws IOException {
    stream.flush();
    channel.force(true);
    channel.close();
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The error with the name that the user knows instead of the temporary one. */
  static IOException named(Path file, IOException e) {
    String reason = e instanceof FileSystemException of ? of.getReason() : e.getMessage();
    return new FileSystemException(file.toString(), null, reason);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }
}
