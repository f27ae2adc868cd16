package io.conversationstore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The location of temporary server directories. */
final class Scratch {

  private static final Path MEMORY = Path.of("/dev/shm");

  /** Assumed space for a server and its databases, with several servers at once. */
  private static final long ROOM = 4L << 30;

  private Scratch() {}

  /**
   * Creates a directory: in memory if there is space and its files need not survive a power loss,
   * because a server has a thousand files and each of its databases three hundred; otherwise below
   * java.io.tmpdir.
   */
  static Path create(boolean durable, Launcher launcher) throws IOException {
    String prefix = "store-test-postgres-";
    if (durable || !isRoomInMemory()) {
      return Files.createTempDirectory(prefix).toRealPath();
    }
    Path scratch = Files.createTempDirectory(MEMORY.toRealPath(), prefix);
    try {
      launcher.admit(scratch);
    } catch (IOException | RuntimeException e) {
      FileTrees.delete(scratch);
      throw e;
    }
    return scratch;
  }

  private static boolean isRoomInMemory() throws IOException {
    return Files.isDirectory(MEMORY)
        && Files.isWritable(MEMORY)
        && Files.getFileStore(MEMORY).getUsableSpace() >= ROOM;
  }
}
