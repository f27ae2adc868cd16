package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Lines that versions without limits wrote, and lines that nobody can read. */
class UnreadableLineTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final MemoryFiles files = new MemoryFiles();

  private static ChangeStamp stamp() {
    return new ChangeStamp(
        UUID.randomUUID(), ALICE, ChangeStamp.PRESENT_EPOCH, NOW, new UUID(1, 1));
  }

  private void fill(ConversationStore store) {
    store.create(ALICE, NewConversation.withId("chat"));
    store.create(BOB, NewConversation.withId("chat"));
    store.append(BOB, "chat", Message.user("text-of-bob"));
    store.append(ALICE, "chat", Message.user("x".repeat(5_000)));
    store.append(ALICE, "chat", Message.user("here"));
  }

  /** As a version did that checked no key: past the front, which has the limits. */
  @Test
  void aKeyBeyondTheLimitThatIsInTheFilesStopsNothing() throws IOException {
    Map<String, Object> metadata = Map.of("k".repeat(StoreLimits.MAX_KEY_CHARACTERS + 1), "v");
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      Message message = Message.user("long key").withId(UUID.randomUUID()).withMetadata(metadata);
      NewMessage added = new NewMessage(new UUID(1, 2), message.withId(new UUID(1, 2)), "d", null);
      engine.apply(
          new Change.MessagesAppended(
              stamp(),
              new ConversationRef("chat", ConversationRef.LIVE),
              List.of(added),
              AppendCondition.always(),
              false),
          ApplyMode.LIVE);
      store.erase(BOB);
      assertThat(files.holds("text-of-bob")).isFalse();
      engine.compact();
    }
    try (FileEngine engine = Memory.engine(files)) {
      StoredMessage last = Memory.front(engine).last(ALICE, "chat", 1).get(0);
      assertThat(last.message().metadata()).isEqualTo(metadata);
    }
    assertThat(verify().isSound()).isTrue();
  }

  private DamageReport verify() throws IOException {
    return JsonFileTool.verify(Path.of("memory"), files, manifest());
  }

  private Manifest manifest() throws IOException {
    Manifest manifest = Manifest.read(files);
    assertThat(manifest).isNotNull();
    return manifest;
  }

  /** Gives a line of the log another payload, of its length and with its checksum. */
  private void rewrite(String name, String holding, String from, String to) {
    String[] lines = new String(files.bytes(name), StandardCharsets.UTF_8).split("(?<=\n)");
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].contains(holding)) {
        assertThat(lines[i]).contains(from);
        byte[] changed = lines[i].replace(from, to).getBytes(StandardCharsets.UTF_8);
        byte[] head = Arrays.copyOf(changed, changed.length - 2);
        lines[i] = new String(Line.join(head, new byte[0]), StandardCharsets.UTF_8);
      }
    }
    files.setBytes(name, String.join("", lines).getBytes(StandardCharsets.UTF_8));
    files.remove(Checkpoint.NAME);
  }

  @Test
  void aTimeBeyondTheLimitThatIsInTheFilesIsReadAsTheNearestOne() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(
          ALICE, NewConversation.withId("chat").expiresAt(Instant.parse("2030-01-01T00:00:00Z")));
      store.append(ALICE, "chat", Message.user("here"));
    }
    rewrite(
        "log-0000000001.jsonl",
        "expires_at",
        "2030-01-01T00:00:00.000000Z",
        "+1000000000-12-31T23:59:59.999999Z");
    assertThat(verify().isSound()).isTrue();
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      assertThat(store.find(ALICE, "chat").orElseThrow().expiresAt())
          .isEqualTo(StoreLimits.LATEST_TIME);
      engine.compact();
    }
    Memory.engine(files).close();
  }

  /** The place is named, and a repair sets the line aside; nobody else has lost anything. */
  @Test
  void aLineThatNobodyCanReadIsSetAsideByARepair() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      fill(store);
      store.append(BOB, "chat", Message.user("not to be read"));
      store.append(ALICE, "chat", Message.user("behind it"));
    }
    String name = lastLogWith("not to be read");
    rewrite(name, "not to be read", "\"message\":{", "\"message\":}");
    assertThatThrownBy(() -> Memory.engine(files))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("byte ")
        .hasMessageNotContaining("not to be");
    assertThat(verify().isSound()).isFalse();
    DamageReport report = JsonFileTool.repair(Path.of("memory"), files, manifest());
    assertThat(report.findings()).hasSize(1);
    assertThat(report.findings().get(0).movedTo()).startsWith(FileJobs.SIDE_FILE);
    assertThat(verify().isSound()).isTrue();
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      assertThat(texts(store, BOB)).containsExactly("text-of-bob");
      assertThat(texts(store, ALICE)).hasSize(3).contains("here", "behind it");
      engine.compact();
      store.erase(BOB);
      assertThat(files.holds("not to be read")).isFalse();
    }
  }

  private String lastLogWith(String text) throws IOException {
    return files.list().stream()
        .filter(name -> Segments.number(name) > 0)
        .filter(name -> new String(files.bytes(name), StandardCharsets.UTF_8).contains(text))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> texts(ConversationStore store, Owner owner) {
    List<String> texts = new ArrayList<>();
    store.last(owner, "chat", 10).forEach(message -> texts.add(message.text()));
    return texts;
  }
}
