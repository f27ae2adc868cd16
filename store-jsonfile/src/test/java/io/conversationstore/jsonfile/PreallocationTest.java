package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The blanks reserved behind the last line. */
class PreallocationTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final String FIRST = Segments.name(1);

  private final MemoryFiles files = new MemoryFiles();

  private static void write(ConversationStore store, int from, int to) {
    for (int i = from; i < to; i++) {
      store.append(ALICE, "chat", Message.user("message " + i));
    }
  }

  private void fill(int count) throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      write(store, 0, count);
    }
  }

  private void requireMessages(int count) throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      requireMessages(store, count);
    }
  }

  private static void requireMessages(ConversationStore store, int count) {
    assertThat(store.last(ALICE, "chat", 100).stream().map(StoredMessage::text))
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> "message " + i).toList());
  }

  private static String text(MemoryFiles files, String name) {
    return new String(files.bytes(name), StandardCharsets.UTF_8);
  }

  private void setText(String name, String text) {
    files.setBytes(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<DamageReport.Finding> verify(MemoryFiles files) throws IOException {
    Manifest manifest = Manifest.read(files);
    return JsonFileTool.verify(Path.of("memory"), files, manifest).findings();
  }

  @Test
  void whatAKilledStoreLeavesBehindTheLastLineMeansNothing() throws IOException {
    MemoryFiles killed;
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      write(store, 0, 3);
      killed = files.forcedOnly();
    }
    assertThat(text(killed, FIRST)).endsWith(" ".repeat(100));
    assertThat(text(files, FIRST)).endsWith("}\n");
    assertThat(verify(killed)).isEmpty();
    try (ConversationStore store = Memory.store(killed)) {
      assertThat(text(killed, FIRST)).as("opened").endsWith("}\n");
      requireMessages(store, 3);
      write(store, 3, 6);
    }
    try (ConversationStore store = Memory.store(killed)) {
      requireMessages(store, 6);
    }
  }

  @Test
  void roomIsUsedUpAndMadeAnew() throws IOException {
    JsonFileOptions options = Memory.options().withSegmentBytes(1 << 20);
    Set<Integer> sizes = new HashSet<>();
    try (ConversationStore store = Memory.front(Memory.engine(files, options), options)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      for (int i = 0; i < 90; i++) {
        write(store, i, i + 1);
        sizes.add(files.bytes(FIRST).length);
      }
      // The file doubles each time: much less often than it takes lines, but more than once.
      assertThat(sizes).hasSizeBetween(3, 9);
    }
    assertThat(text(files, FIRST)).endsWith("}\n");
    requireMessages(90);
  }

  @Test
  void roomEndsWithItsSegment() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      write(store, 0, 40);
      assertThat(files.bytes(Segments.name(2))).as("a second segment").isNotEmpty();
      assertThat(text(files, FIRST)).as("the first one").endsWith("}\n");
    }
    requireMessages(40);
  }

  @Test
  void whereNoRoomCanBeMadeLinesAreWrittenAllTheSame() throws IOException {
    files.fail(Call.RESERVE);
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      write(store, 0, 3);
      assertThat(text(files, FIRST)).endsWith("}\n");
    }
    files.heal();
    requireMessages(3);
  }

  @Test
  void roomThatStaysInASegmentThatEndedMeansNothing() throws IOException {
    fill(40);
    setText(FIRST, text(files, FIRST) + " ".repeat(1_000));
    assertThat(verify(files)).isEmpty();
    requireMessages(40);
  }

  @Test
  void anythingElseBehindTheLastLineIsATornWrite() throws IOException {
    fill(2);
    setText(FIRST, text(files, FIRST) + "   {\"crc\":   ");
    assertThat(verify(files)).singleElement().matches(DamageReport.Finding::harmless);
    try (ConversationStore store = Memory.store(files)) {
      requireMessages(store, 2);
      assertThat(text(files, FIRST)).endsWith("}\n");
    }
  }
}
