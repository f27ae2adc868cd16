package io.conversationstore.transfer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Creates and renames files durably: they survive a power loss once the call returns. */
final class DurableFiles {

  private DurableFiles() {}

  /** Creates a file readable only by its owner, if the file system supports such rights. */
  static FileChannel create(Path file) throws IOException {
    FileAttribute<?>[] rights =
        file.getFileSystem().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    return FileChannel.open(
        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), rights);
  }

  /** Renames within a directory, atomically. */
  static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    force(directoryOf(to));
  }

  /** Removes a file if it exists; for a symbolic link, its target as well. */
  static boolean delete(Path file) throws IOException {
    if (Files.isSymbolicLink(file) && Files.exists(file)) {
      Path target = file.toRealPath();
      Files.delete(target);
      force(directoryOf(target));
    }
    boolean was = Files.deleteIfExists(file);
    if (was) {
      force(directoryOf(file));
    }
    return was;
  }

  static Path directoryOf(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("the path of a file must not be a root directory");
    }
    return parent;
  }

  /** Windows cannot open a directory and does not need this call. */
  private static void force(Path directory) throws IOException {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return;
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
