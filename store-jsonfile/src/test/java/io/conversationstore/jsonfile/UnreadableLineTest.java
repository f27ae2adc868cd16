package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.Transitions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines written by versions without limits, and unreadable lines. */
class UnreadableLineTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final Owner CAROL = Owner.of("acme", "carol");
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final MemoryFiles files = new MemoryFiles();

  private static ChangeStamp stamp() {
    return new ChangeStamp(
        UUID.randomUUID(), ALICE, ChangeStamp.PRESENT_EPOCH, NOW, new UUID(1, 1));
  }

  private void fill(ConversationStore store) {
    store.create(ALICE, NewConversation.ofId("chat"));
    store.create(BOB, NewConversation.ofId("chat"));
    store.append(BOB, "chat", Message.user("text-of-bob"));
    store.append(ALICE, "chat", Message.user("x".repeat(5_000)));
    store.append(ALICE, "chat", Message.user("here"));
  }

  /** Like a version that did not check keys: it bypasses the front, which enforces the limits. */
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

  /** Replaces the payload of a line of the log by one of the same length, with a new checksum. */
  private void rewrite(String name, String holding, String from, String to) {
    String[] lines = new String(files.bytes(name), StandardCharsets.UTF_8).split("(?<=\n)");
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].contains(holding)) {
        assertThat(lines[i]).contains(from);
        byte[] changed = lines[i].replace(from, to).getBytes(StandardCharsets.UTF_8);
        byte[] head = Arrays.copyOf(changed, changed.length - 2);
        lines[i] = new String(LineFormat.join(head, new byte[0]), StandardCharsets.UTF_8);
      }
    }
    files.setBytes(name, String.join("", lines).getBytes(StandardCharsets.UTF_8));
    files.remove(FileNames.CHECKPOINT);
  }

  @Test
  void aTimeBeyondTheLimitThatIsInTheFilesIsReadAsTheNearestOne() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(
          ALICE, NewConversation.ofId("chat").withExpiresAt(Instant.parse("2030-01-01T00:00:00Z")));
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

  /** The place is reported, and set-aside bytes stay until an erasure of their owner. */
  @Test
  void aLineThatNobodyCanReadStopsNothing() throws IOException {
    String name = withAnUnreadableLineOfBob();
    int at = new String(files.bytes(name), StandardCharsets.UTF_8).indexOf("\"message\":}");
    assertThat(verify().isSound()).isFalse();
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      assertThat(engine.health().healthy()).isFalse();
      assertThat(engine.health().checks())
          .filteredOn(check -> check.name().equals("set-aside"))
          .singleElement()
          .satisfies(
              check -> {
                assertThat(check.passed()).isFalse();
                assertThat(check.detail()).contains(name).doesNotContain("not to be");
                assertThat(offsetIn(check.detail(), name)).isLessThan(at);
              });
      assertThat(texts(store, BOB)).containsExactly("text-of-bob");
      assertThat(texts(store, ALICE)).hasSize(3).contains("here", "behind it");
      store.append(BOB, "chat", Message.user("goes on"));
      store.create(CAROL, NewConversation.ofId("chat"));
      store.append(CAROL, "chat", Message.user("text-of-carol"));
      store.erase(CAROL);
      assertThat(files.holds("text-of-carol")).isFalse();
      assertThat(files.holds("not to be read")).isTrue();
      engine.compact();
      assertThat(files.holds("not to be read")).isTrue();
    }
    assertThat(verify().isSound()).isTrue();
    assertThat(JsonFileTool.repair(Path.of("memory"), files, manifest()).findings()).isEmpty();
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      assertThat(texts(store, BOB)).containsExactly("text-of-bob", "goes on");
      assertThat(engine.health().healthy()).isFalse();
      store.erase(BOB);
      assertThat(files.holds("not to be read")).isFalse();
      assertThat(engine.health().healthy()).isTrue();
      assertThat(texts(store, ALICE)).hasSize(3);
    }
  }

  private static int offsetIn(String text, String name) {
    String behind = text.substring(text.indexOf(name) + name.length() + 1);
    return Integer.parseInt(behind.substring(0, behind.indexOf('.')));
  }

  /** Returns the name of the file that holds the line. */
  private String withAnUnreadableLineOfBob() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      fill(store);
      store.append(BOB, "chat", Message.user("not to be read"));
      store.append(ALICE, "chat", Message.user("behind it"));
    }
    String name = lastLogWith("not to be read");
    rewrite(name, "not to be read", "\"message\":{", "\"message\":}");
    return name;
  }

  @Test
  void aLineThatNobodyCanReadIsSetAsideByARepair() throws IOException {
    withAnUnreadableLineOfBob();
    DamageReport report = JsonFileTool.repair(Path.of("memory"), files, manifest());
    assertThat(report.findings()).hasSize(1);
    assertThat(report.findings().get(0).movedTo()).startsWith(FileNames.SET_ASIDE_PREFIX);
    assertThat(verify().isSound()).isTrue();
    try (ConversationStore store = Memory.store(files)) {
      assertThat(texts(store, ALICE)).hasSize(3).contains("here", "behind it");
    }
  }

  /** Later lines that depend on it are set aside too; all other content stays. */
  @Test
  void eachLineMayBeUnreadable() throws IOException {
    Map<String, List<String>> expected = new LinkedHashMap<>();
    try (ConversationStore store = Memory.store(files)) {
      for (int i = 0; i < 3; i++) {
        for (Owner owner : List.of(ALICE, BOB, CAROL)) {
          if (i == 0) {
            store.create(owner, NewConversation.ofId("chat"));
          }
          UUID id = store.append(owner, "chat", Message.user("text " + i)).get(0).id();
          store.edit(owner, "chat", id, MessageEdit.text("edited " + i));
        }
      }
      for (Owner owner : List.of(ALICE, BOB, CAROL)) {
        expected.put(owner.userId(), texts(store, owner));
      }
    }
    int tried = 0;
    for (String name : files.list()) {
      String[] lines =
          Segments.number(name) > 0
              ? new String(files.bytes(name), StandardCharsets.UTF_8).split("(?<=\n)")
              : new String[0];
      for (int i = 0; i < lines.length; i++) {
        if (lines[i].contains("\"node\":\"")) {
          MemoryFiles copy = files.copy();
          copy.setBytes(name, unreadable(lines, i));
          copy.remove(FileNames.CHECKPOINT);
          tried++;
          for (int life = 0; life < 2; life++) {
            try (FileEngine engine = Memory.engine(copy)) {
              assertThat(engine.health().healthy()).as(lines[i]).isFalse();
              ConversationStore store = Memory.front(engine);
              for (Owner owner : List.of(ALICE, BOB, CAROL)) {
                if (!lines[i].contains("\"" + owner.userId() + "\"")) {
                  assertThat(texts(store, owner)).isEqualTo(expected.get(owner.userId()));
                  store.append(owner, "chat", Message.user("more"));
                }
              }
              engine.compact();
              for (Owner owner : List.of(ALICE, BOB, CAROL)) {
                if (!lines[i].contains("\"" + owner.userId() + "\"")) {
                  store.erase(owner);
                  store.create(owner, NewConversation.ofId("chat"));
                  expected
                      .get(owner.userId())
                      .forEach(text -> store.append(owner, "chat", Message.user(text)));
                }
              }
            }
          }
        }
      }
    }
    assertThat(tried).isEqualTo(21);
  }

  /** The line changed, with a matching checksum. */
  private static byte[] unreadable(String[] lines, int at) {
    String[] changed = lines.clone();
    byte[] line = lines[at].replace("\"node\":\"", "\"node\":}").getBytes(StandardCharsets.UTF_8);
    byte[] head = Arrays.copyOf(line, line.length - 2);
    changed[at] = new String(LineFormat.join(head, new byte[0]), StandardCharsets.UTF_8);
    return String.join("", changed).getBytes(StandardCharsets.UTF_8);
  }

  /** An opening that sets lines aside may be cut off at any call, with the same result. */
  @Test
  void whatAPowerCutLeavesOfSettingAsideOpens() throws IOException {
    withAnUnreadableLineOfBob();
    boolean ended = false;
    int calls = 0;
    while (!ended) {
      MemoryFiles cut = files.copy();
      cut.crashAfter(calls++, new Random(calls));
      try {
        Memory.engine(cut).close();
      } catch (IOException | StoreUnavailableException e) {
        assertThat(cut.plan().isDead()).isTrue();
      }
      ended = !cut.plan().isDead();
      cut.heal();
      MemoryFiles after = ended ? cut : cut.survivor(new Random(calls));
      try (FileEngine engine = Memory.engine(after)) {
        ConversationStore store = Memory.front(engine);
        assertThat(texts(store, BOB))
            .as("cut off at call %d", calls)
            .containsExactly("text-of-bob");
        assertThat(texts(store, ALICE)).hasSize(3);
        assertThat(after.holds("not to be read")).isTrue();
        assertThat(engine.health().healthy()).isFalse();
      }
    }
    assertThat(calls).isGreaterThan(20);
  }

  /** A whole line with a message of a kind unknown to this version. */
  @Test
  void aMessageThatCannotBeReadStopsNoOtherConversationAndNoCompaction() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      fill(store);
      store.append(BOB, "chat", Message.user("not to be read"));
      store.create(BOB, NewConversation.ofId("other"));
    }
    rewrite(
        lastLogWith("not to be read"), "not to be read", "\"role\":\"user\"", "\"role\":\"seer\"");
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> store.last(BOB, "chat", 5))
            .isInstanceOf(StoreDamagedException.class)
            .hasMessageContaining(i == 0 ? "log-" : "snapshot-")
            .hasMessageContaining("byte ")
            .hasMessageNotContaining("not to be");
        assertThat(texts(store, ALICE)).hasSize(2);
        engine.compact();
        assertThat(files.holds("not to be read")).isTrue();
      }
      store.erase(ALICE);
      store.append(BOB, "other", Message.user("goes on"));
    }
    files.remove(FileNames.CHECKPOINT);
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      assertThat(store.last(BOB, "other", 5)).hasSize(1);
      assertThat(files.holds("not to be read")).isTrue();
      assertThat(engine.health().healthy()).isFalse();
      store.erase(BOB);
      assertThat(files.holds("not to be read")).isFalse();
    }
  }

  /** The damage may be the owner's; everything else is erased, and the call reports the rest. */
  @Test
  void anErasureThatMeetsDamageDoesTheRestAndStaysDue() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      store.append(ALICE, "chat", Message.user("it is damaged"));
      store.append(BOB, "chat", Message.user("text-of-bob again"));
      store.append(ALICE, "chat", Message.user("y".repeat(5_000)));
      store.append(BOB, "chat", Message.user("text-of-bob at last"));
      String name = lastLogWith("it is damaged");
      byte[] before = files.bytes(name);
      int at = new String(before, StandardCharsets.UTF_8).indexOf("it is damaged");
      files.turnBit(name, at);
      for (Owner owner : List.of(BOB, CAROL)) {
        if (owner.equals(CAROL)) {
          store.create(CAROL, NewConversation.ofId("chat"));
        }
        assertThatThrownBy(() -> store.erase(owner))
            .isInstanceOf(StoreDamagedException.class)
            .hasMessageContaining(name + ", byte ")
            .hasMessageContaining("stays due");
        assertThat(files.holds("text-of-bob")).isFalse();
      }
      assertThat(engine.health().checks())
          .filteredOn(check -> check.name().equals("erasures"))
          .singleElement()
          .satisfies(
              check -> {
                assertThat(check.passed()).isFalse();
                assertThat(check.detail()).startsWith("2 owners").contains(name + ", byte ");
              });
      store.append(ALICE, "chat", Message.user("goes on"));
    }
    assertThatThrownBy(() -> Memory.engine(files)).isInstanceOf(StoreDamagedException.class);
    JsonFileTool.repair(Path.of("memory"), files, manifest());
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.health().healthy()).isTrue();
      assertThat(files.list()).noneMatch(file -> file.startsWith(FileNames.SET_ASIDE_PREFIX));
      assertThat(Memory.front(engine).last(ALICE, "chat", 1).get(0).text()).isEqualTo("goes on");
    }
  }

  // In the mirror of a database

  private static ConversationState header(Owner owner) {
    ConversationState made =
        Transitions.created(owner, NewConversation.ofId("chat"), "chat", 0, 1, NOW, new UUID(7, 7));
    State.Live live = made.requireLive();
    for (int i = 0; i < 2; i++) {
      live = Transitions.appended(live, NOW.plusSeconds(i), null, NOW);
    }
    return new ConversationState(owner, "chat", 0, 1, 3, live, 2, new UUID(7, 7));
  }

  private static MessageState row(Owner owner, long seq) {
    return row(owner, seq, 1, "row " + seq + " of " + owner.userId());
  }

  private static MessageState row(Owner owner, long seq, long version, String text) {
    UUID id = new UUID(owner.hashCode(), seq);
    Message message = Message.user(text).withId(id);
    StoredMessage stored = new StoredMessage("chat", id, seq, NOW, null, message);
    return new MessageState(owner, "chat", 0, 1, version, seq, id, "d" + seq, stored);
  }

  private FileEngine mirror() throws IOException {
    FileEngine engine = Memory.engine(files);
    Handshake contact = new Handshake(new UUID(2, 2), new UUID(3, 3), 0, 1, NOW);
    engine.remember(contact, 0);
    for (Owner owner : List.of(ALICE, BOB)) {
      List<State> rows = List.of(header(owner), row(owner, 1), row(owner, 2));
      engine.mirror(rows, new FeedPosition("17"), NOW);
    }
    return engine;
  }

  /** Also if the line recorded an edit, so the message counts do not reveal the loss. */
  @ParameterizedTest
  @ValueSource(strings = {"row 1 of bob", "edited row of bob"})
  void aConversationOfTheMirrorIsIncompleteWhereARowCannotBeRead(String text) throws IOException {
    try (FileEngine engine = mirror()) {
      engine.mirror(List.of(row(BOB, 2, 2, "edited row of bob")), null, null);
    }
    rewrite(lastLogWith(text), text, "\"message\":{", "\"message\":}");
    for (int life = 0; life < 2; life++) {
      try (FileEngine engine = Memory.engine(files)) {
        assertThat(engine.identity().position()).isEqualTo(new FeedPosition("17"));
        assertThat(engine.find(ALICE, "chat").provenance().complete()).isTrue();
        assertThat(engine.find(BOB, "chat").provenance().complete()).isFalse();
        assertThat(engine.lacksMessages(BOB, "chat")).isTrue();
        assertThat(read(engine, ALICE)).hasSize(2);
        assertThat(engine.health().healthy()).isFalse();
        engine.compact();
      }
    }
  }

  /**
   * A message that the feed could not read stays unknown, and never counts as missing, however
   * often the files are opened.
   */
  @Test
  void aConversationThatIsMarkedIncompleteStaysSo() throws IOException {
    try (FileEngine engine = mirror()) {
      engine.markIncomplete(
          List.of(new Mirrored(BOB, "chat", 0, 1), new Mirrored(CAROL, "chat", 0, 1)));
    }
    for (int life = 0; life < 3; life++) {
      try (FileEngine engine = Memory.engine(files)) {
        assertThat(engine.find(ALICE, "chat").provenance().complete()).isTrue();
        assertThat(engine.find(BOB, "chat").provenance().complete()).isFalse();
        assertThat(read(engine, BOB)).hasSize(2);
        assertThat(engine.find(CAROL, "chat").conversation()).isNull();
        assertThat(engine.find(CAROL, "chat").provenance().complete()).isFalse();
        assertThat(engine.find(CAROL, "other").provenance().complete()).isTrue();
        if (life == 1) {
          engine.compact();
        }
      }
    }
    try (FileEngine engine = Memory.engine(files)) {
      engine.markWhole(new Mirrored(BOB, "chat", 0, 1));
      assertThat(engine.find(BOB, "chat").provenance().complete()).isTrue();
    }
  }

  private static List<MessageState> read(FileEngine engine, Owner owner) {
    return engine.messages(owner, "chat", Direction.FORWARD, null, 10).slice().items();
  }

  /** Only the feed can deliver the other lost data. */
  @Test
  void theMirrorIsBuiltAnewWhereItsConversationsCannotBeRead() throws IOException {
    mirror().close();
    rewrite(
        lastLogWith("\"state\":\"conversation\""),
        "\"bob\",\"epoch\":0,\"id\"",
        "\"title\":",
        "\"title\";");
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.identity().position()).isEqualTo(FeedPosition.START);
      assertThat(engine.mirroredConversations(ALICE)).isEmpty();
    }
  }

  /** An operator discards it; the changes behind it continue. */
  @Test
  void aPendingChangeThatCannotBeReadIsParked() throws IOException {
    NewMessage added = new NewMessage(new UUID(1, 2), Message.user("not to be read"), "d", null);
    Change append =
        new Change.MessagesAppended(
            stamp(),
            new ConversationRef("chat", 1),
            List.of(added),
            AppendCondition.always(),
            false);
    Change touch =
        new Change.ConversationUpdated(
            stamp(), new ConversationRef("chat", 1), ConversationUpdate.touch());
    try (FileEngine engine = mirror()) {
      engine.enqueue(append);
      engine.enqueue(touch);
    }
    rewrite(lastLogWith("not to be read"), "not to be read", "\"message\":{", "\"message\":}");
    for (int life = 0; life < 3; life++) {
      try (FileEngine engine = Memory.engine(files)) {
        assertThat(engine.pending(10, Long.MAX_VALUE))
            .extracting(Change::id)
            .containsExactly(touch.id());
        assertThat(engine.parked())
            .singleElement()
            .satisfies(
                parked -> {
                  assertThat(parked.changeId()).isEqualTo(append.id());
                  assertThat(parked.conversationId()).isEqualTo("chat");
                  assertThat(parked.owner()).isEqualTo(ALICE);
                  assertThat(parked.reason()).contains("cannot be read");
                });
        assertThatThrownBy(() -> engine.parkedChange(append.id()))
            .isInstanceOf(StoreDamagedException.class)
            .hasMessageContaining(append.id().toString());
        assertThat(read(engine, ALICE)).hasSize(2);
        if (life == 1) {
          engine.compact();
        }
      }
    }
    try (FileEngine engine = Memory.engine(files)) {
      engine.settle(
          List.of(Settlement.of(append.id(), Settlement.Kind.CANCELLED, "given up", NOW)));
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.parked()).isEmpty();
      assertThat(engine.pending(10, Long.MAX_VALUE)).hasSize(1);
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
