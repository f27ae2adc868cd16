package io.conversationstore.jsonfile.internal.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.conversationstore.jsonfile.FaultChild;
import io.conversationstore.testkit.SystemCommands;
import java.io.PrintStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DiskFilesTest {
  @TempDir Path temporary;

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  @Test
  void manyThreadsThatReadLargeMessagesKeepLittleMemoryOutsideTheHeap() throws Exception {
    int threads = 20;
    byte[] large = new byte[(4 << 20) + 7];
    new Random(1).nextBytes(large);
    DiskFiles files = DiskFiles.in(temporary.resolve("store"));
    ExecutorService readers = Executors.newFixedThreadPool(threads);
    try (LogFiles.LogFile file = files.create("large")) {
      file.append(ByteBuffer.wrap(large));
      long before = direct();
      CyclicBarrier done = new CyclicBarrier(threads + 1);
      List<Future<Boolean>> read = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        read.add(
            readers.submit(
                () -> {
                  ByteBuffer into = ByteBuffer.allocate(large.length);
                  int count = file.read(into, 0);
                  done.await();
                  done.await();
                  return count == large.length && into.flip().equals(ByteBuffer.wrap(large));
                }));
      }
      done.await();
      long kept = direct() - before;
      done.await();
      for (Future<Boolean> each : read) {
        assertThat(each.get()).isTrue();
      }
      assertThat(kept).isLessThan(threads * 2L * DiskFiles.PIECE);
    } finally {
      readers.shutdownNow();
    }
  }

  /**
   * Like a volume mounted for a group: it can be written, but its permissions cannot be changed.
   */
  @Test
  void aDirectoryOfAnotherUserThatCanBeWrittenIsUsed() throws Exception {
    String[] withoutRights = {"setpriv", "--bounding-set=-fowner"};
    assumeTrue(
        SystemCommands.succeeds(withoutRights[0], withoutRights[1], "true"),
        "setpriv is not there or may not drop a capability");
    Path directory = temporary.resolve("mounted");
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    assumeTrue(
        SystemCommands.succeeds("chown", "65534", directory.toString()),
        "the owner of a directory cannot be changed");
    Process process =
        new ProcessBuilder(
                withoutRights[0],
                withoutRights[1],
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FaultChild.class.getName(),
                directory.toString(),
                "100000")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (PrintStream commands =
            new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
        var answers = process.inputReader(StandardCharsets.US_ASCII)) {
      for (String command : List.of("open", "append 1", "close", "open", "append 2", "close")) {
        commands.println(command);
        assertThat(answers.readLine()).as(command).isEqualTo("ok");
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwxrwxrwx");
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as("%s", file.getFileName())
            .isEqualTo("rw-------");
      }
    }
  }
}
