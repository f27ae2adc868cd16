package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.TransferOptions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file of 200 MB is imported and exported by a JVM with a heap of 64 MB. */
class LargeFileTest {

  private static final long BYTES = 200_000_000;
  private static final int MESSAGE = 6_000;
  private static final int SMALL = 20;

  @TempDir Path directory;

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void row_1_5_memoryDoesNotFollowTheFile() throws Exception {
    Path in = directory.resolve("in.json");
    long messages = generate(in);
    assertThat(Files.size(in)).isGreaterThan(BYTES);
    Path out = directory.resolve("out.json");
    Path log = directory.resolve("child.log");
    Path store = directory.resolve("store");
    assertThat(ChildJvm.run("64m", LargeFileMain.class, log, store, in, out))
        .contains(" " + messages);
    assertThat(Files.size(out)).isGreaterThan(BYTES);
    assertThat(ConversationsFile.check(out, TransferOptions.defaults()).messages())
        .isEqualTo(messages);
  }

  /** Half of it is one conversation, which must be saved in many parts. */
  private static long generate(Path file) throws IOException {
    String text = "0123456789 abcdefghi ".repeat(MESSAGE / 21);
    long messages = 0;
    long bytes = 0;
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("{\"long\":{\"messages\":[");
      for (; bytes < BYTES / 2; bytes += text.length()) {
        out.write(messages == 0 ? "" : ",");
        out.write("{\"role\":\"user\",\"content\":\"" + messages++ + text + "\"}");
      }
      out.write("],\"title\":\"long\"}");
      while (bytes < BYTES) {
        out.write(",\"c" + messages + "\":{\"title\":\"short\",\"messages\":[");
        for (int i = 0; i < SMALL; i++, bytes += text.length()) {
          out.write(i == 0 ? "" : ",\n");
          out.write("{\"role\":\"assistant\",\"content\":\"" + messages++ + text + "\"}");
        }
        out.write("]}");
      }
      out.write("}");
    }
    return messages;
  }
}
