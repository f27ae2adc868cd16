package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A million messages of real length are written, read, collected and opened within 512 MB. */
class MillionIT {

  @TempDir Path directory;

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void halfAGigabyteOfHeapIsEnough() throws Exception {
    Path log = directory.resolve("child.log");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                MillionMain.class.getName(),
                directory.resolve("store").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(child.waitFor()).as(() -> text(log)).isZero();
    } finally {
      child.destroyForcibly();
    }
    assertThat(text(log)).contains("MILLION bytes=");
    System.out.println(text(log).lines().reduce((first, last) -> last).orElseThrow());
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
