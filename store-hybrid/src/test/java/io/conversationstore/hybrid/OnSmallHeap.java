package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.MessageQuery;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Tests of nodes whose queue is larger than their heap. */
abstract class OnSmallHeap extends OnTestbed {

  /** Runs {@link QueueMemoryMain} in a JVM that exits at the first OutOfMemoryError. */
  void runs(String heap, int conversations, int messages, int length, int saved, int pages)
      throws IOException, InterruptedException {
    ConversationStore store = bed.node("small");
    Testbed.awaitDrained(store);
    store.close();
    bed.goDown();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                QueueMemoryMain.class.getName(),
                bed.proxy().jdbcUrl(bed.database()),
                server.user(),
                server.password(),
                bed.directory("small").toString(),
                String.valueOf(conversations),
                String.valueOf(messages),
                String.valueOf(length),
                String.valueOf(saved),
                String.valueOf(pages))
            .redirectErrorStream(true)
            .start();
    List<String> said = new ArrayList<>();
    try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        OutputStream questions = process.getOutputStream()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);

        if (line.equals(QueueMemoryMain.WAITING)) {
          bed.comeBack();
          questions.write(QueueMemoryMain.BACK.getBytes(StandardCharsets.US_ASCII));
          questions.flush();
        }
      }
      assertThat(process.waitFor()).as(String.join("\n", said)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  /** In order, each once. */
  void isInDatabase(String id, int messages, int length, boolean changed) {
    ConversationStore direct = bed.direct();
    List<UUID> seen = new ArrayList<>();
    MessageQuery query = MessageQuery.first(Page.MAX_LIMIT);
    int next = 0;
    while (true) {
      Page<StoredMessage> page = direct.messages(alice, id, query);
      for (StoredMessage message : page) {
        next += changed && next == 6 ? 1 : 0; // deleted
        String expected = changed && next == 5 ? "edited 5" : QueueMemoryMain.text(next, length);
        assertThat(message.text()).isEqualTo(expected);
        seen.add(message.id());
        next++;
      }
      Cursor cursor = page.hasMore() ? page.cursor() : null;
      if (cursor == null) {
        break;
      }
      query = query.withCursor(cursor);
    }
    assertThat(next).isEqualTo(messages);
    assertThat(seen).doesNotHaveDuplicates();
  }
}
