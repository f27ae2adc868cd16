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

/** New and renamed files that survive a loss of power once the call returned. */
final class DurableFiles {

  private DurableFiles() {}

  /** Creates a file that nobody else may read, where the file system knows such rights. */
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

  /** Renames within a directory, in one step or not at all. */
  static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    force(directoryOf(to));
  }

  /** Removes a file that may be there; behind a symbolic link the file that it leads to as well. */
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
      throw new IllegalArgumentException("a root is not a file");
    }
    return parent;
  }

  /** Windows cannot open a directory and needs no such call. */
  private static void force(Path directory) throws IOException {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return;
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
