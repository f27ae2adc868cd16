package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A million messages of realistic length are written, read, compacted and opened within 512 MB. */
class MillionIT {

  @TempDir Path directory;

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void halfAGigabyteOfHeapIsEnough() throws Exception {
    Path log = directory.resolve("child.log");
    String printed = ChildJvm.run("512m", MillionMain.class, log, directory.resolve("store"));
    assertThat(printed).contains("MILLION bytes=");
    System.out.println(printed.substring(printed.indexOf("MILLION")).strip());
  }
}
