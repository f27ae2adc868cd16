package io.conversationstore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a server's directories go that end with it. */
final class Scratch {

  private static final Path MEMORY = Path.of("/dev/shm");

  /** What a server and its databases may come to, several of them at once. */
  private static final long ROOM = 4L << 30;

  private Scratch() {}

  /**
   * Makes a directory: in memory where there is room and what is in it need not outlast a loss of
   * power, as a server has a thousand files and each of its databases three hundred; else below
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
