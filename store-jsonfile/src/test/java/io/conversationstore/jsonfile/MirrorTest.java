package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.FormerMirror;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.Transitions;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final UUID NODE = new UUID(1, 1);
  private static final UUID STORE = new UUID(2, 2);
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final Handshake CONTACT = new Handshake(STORE, new UUID(3, 3), 0, 1, NOW);

  private static ChangeStamp stamp() {
    return new ChangeStamp(UUID.randomUUID(), ALICE, 0, NOW, NODE);
  }

  private static ConversationState header(long generation, long version, long count) {
    ConversationState created =
        Transitions.created(ALICE, NewConversation.ofId("chat"), "chat", 0, generation, NOW, NODE);
    State.Live live = created.requireLive();
    State.Live counted =
        new State.Live(
            live.title(),
            live.status(),
            live.settings(),
            live.metadata(),
            live.tags(),
            live.pinned(),
            live.createdAt(),
            live.updatedAt(),
            null,
            count,
            live.usage(),
            live.lastMessageAt(),
            live.fieldTimes());
    return new ConversationState(ALICE, "chat", 0, generation, version, counted, count, NODE);
  }

  private static ConversationState gone(long generation) {
    return new ConversationState(ALICE, "chat", 0, generation, 2, null, 0, NODE);
  }

  private static MessageState message(long generation, long seq, String text) {
    UUID id = new UUID(generation, seq);
    Message message = Message.user(text).withId(id);
    return new MessageState(
        ALICE,
        "chat",
        0,
        generation,
        1,
        seq,
        id,
        "d" + seq,
        new StoredMessage("chat", id, seq, NOW.plusSeconds(seq), null, message));
  }

  private static List<String> texts(LocalStore engine) {
    return read(engine).slice().items().stream().map(item -> item.requireLive().text()).toList();
  }

  private static MessageSlice read(LocalStore engine) {
    return engine.messages(ALICE, "chat", Direction.FORWARD, null, 100);
  }

  @Test
  void messagesComeOutOfOrderAndLaterStatesWin() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 5);
      engine.mirror(List.of(header(1, 2, 3), message(1, 3, "c")), null, null);
      assertThat(read(engine).slice().provenance().complete()).isFalse();
      engine.mirror(List.of(message(1, 1, "a"), message(1, 2, "b")), new FeedPosition("17"), NOW);
      assertThat(texts(engine)).containsExactly("a", "b", "c");
      assertThat(read(engine).slice().provenance().complete()).isTrue();
      assertThat(read(engine).slice().provenance().asOf()).isEqualTo(NOW);
      engine.mirror(List.of(Transitions.deleted(message(1, 2, "b"))), null, null);
      engine.mirror(List.of(message(1, 2, "b"), header(1, 1, 9)), null, null);
      assertThat(texts(engine)).containsExactly("a", "c");
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(texts(engine)).containsExactly("a", "c");
      assertThat(engine.identity().position()).isEqualTo(new FeedPosition("17"));
      assertThat(engine.identity().storeId()).isEqualTo(STORE);
      assertThat(engine.identity().clockOffsetMicros()).isEqualTo(5);
      engine.mirror(List.of(header(2, 1, 0), message(1, 4, "late")), null, null);
      assertThat(texts(engine)).isEmpty();
      engine.resetMirror(false);
      assertThat(engine.find(ALICE, "chat").conversation()).isNull();
      assertThat(engine.identity().mirrorAsOf()).isNull();
    }
  }

  private static List<String> former(LocalStore engine) {
    return engine.formerMirrors().stream()
        .flatMap(former -> former.rows().mirroredMessages(ALICE, "chat", 0, 100).stream())
        .map(message -> message.isLive() ? message.requireLive().text() : "deleted")
        .toList();
  }

  private static FileEngine withFormerMirrors(MemoryFiles files) throws IOException {
    FileEngine engine = Memory.engine(files);
    engine.remember(CONTACT, 0);
    engine.mirror(List.of(header(1, 2, 1), message(1, 1, "FIRST")), null, null);
    engine.mirror(List.of(Transitions.deleted(message(1, 2, "b"))), new FeedPosition("1"), NOW);
    engine.resetMirror(true);
    engine.mirror(List.of(header(1, 1, 1), message(1, 3, "second")), new FeedPosition("2"), null);
    engine.resetMirror(true);
    return engine;
  }

  @Test
  void rowsOfAMirrorThatIsResetStayUntilTheNextOneIsComplete() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (FileEngine engine = withFormerMirrors(files)) {
      assertThat(former(engine)).containsExactly("FIRST", "deleted", "second");
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(former(engine)).as("after opening again").hasSize(3);
      assertThat(engine.formerMirrors()).extracting(FormerMirror::asOf).containsExactly(NOW, null);
      assertThat(engine.formerMirrors().get(0).rows().mirroredConversation(ALICE, "chat"))
          .contains(header(1, 2, 1));
      assertThat(engine.mirroredConversations(ALICE)).isEmpty();
      engine.mirror(List.of(header(1, 1, 1)), new FeedPosition("3"), null);
      assertThat(former(engine)).hasSize(3);
      engine.mirror(List.of(), new FeedPosition("4"), NOW);
      assertThat(engine.formerMirrors()).isEmpty();
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.formerMirrors()).isEmpty();
    }
  }

  @Test
  void aFormerMirrorEndsWithACompactionAndHasNothingOfTheErased() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (FileEngine engine = withFormerMirrors(files)) {
      engine.mirror(List.of(new OwnerState(ALICE, 1)), null, null);
      assertThat(engine.formerMirrors())
          .allSatisfy(former -> assertThat(former.rows().mirroredOwners()).isEmpty());
      assertThat(new String(files.all(), StandardCharsets.UTF_8)).doesNotContain("FIRST");
    }
    files = new MemoryFiles();
    try (FileEngine engine = withFormerMirrors(files)) {
      engine.compact();
      assertThat(engine.formerMirrors()).isEmpty();
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.formerMirrors()).isEmpty();
    }
  }

  /** The reset comes while the compaction writes the earlier rows. */
  @Test
  void aCompactionThatBeganBeforeTheResetMovesTheFormerMirror() throws Exception {
    MemoryFiles memory = new MemoryFiles();
    HookedFiles files = new HookedFiles(memory);
    try (FileEngine engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(header(1, 2, 1), message(1, 1, "FIRST")), new FeedPosition("1"), NOW);
      files.afterRead(
          () -> {
            if (Thread.currentThread().getName().startsWith("conversation-files-")) {
              files.afterRead(() -> {});
              engine.resetMirror(true);
            }
          });
      engine.compact();
      assertThat(former(engine)).containsExactly("FIRST");
    }
    try (FileEngine engine = Memory.engine(memory)) {
      assertThat(former(engine)).containsExactly("FIRST");
    }
  }

  @Test
  void higherEpochErases() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(header(1, 1, 1), message(1, 1, "MARKER")), null, null);
      engine.mirror(List.of(new OwnerState(ALICE, 1)), null, null);
      assertThat(new String(files.all(), StandardCharsets.UTF_8)).doesNotContain("MARKER");
      engine.mirror(List.of(header(1, 1, 1)), null, null);
      assertThat(engine.find(ALICE, "chat").conversation()).isNull();
      assertThat(engine.find(ALICE, "chat").ownerEpoch()).isEqualTo(1);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.find(ALICE, "chat").ownerEpoch()).isEqualTo(1);
    }
  }

  /** All lines about the owner were lost, and are in the file that the repair made. */
  @Test
  void erasureOfAnUnknownOwnerTakesWhatARepairPutAside() throws IOException {
    MemoryFiles files = new MemoryFiles();
    String aside = FileNames.SET_ASIDE_PREFIX + Segments.name(1) + "-100.bin";
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      files.setBytes(aside, "MARKER".getBytes(StandardCharsets.UTF_8));
      engine.mirror(List.of(header(1, 1, 1)), null, null);
      assertThat(files.list()).contains(aside);
      Owner unknown = Owner.of("acme", "bob");
      files.fail(FaultPlan.Call.RENAME);
      assertThatThrownBy(() -> engine.mirror(List.of(new OwnerState(unknown, 1)), null, null))
          .isInstanceOf(EngineFailureException.class);
      files.heal();
      files.setBytes(aside, "MARKER".getBytes(StandardCharsets.UTF_8));
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.mirroredOwners()).hasSize(2);
      assertThat(files.list()).doesNotContain(aside);
    }
  }

  @Test
  void boundDirectoryIsNotAStoreAlone(@TempDir Path directory) {
    JsonFileOptions options = JsonFileOptions.in(directory);
    Change create = new Change.ConversationCreated(stamp(), NewConversation.ofId("chat"), false);
    try (LocalStore engine = JsonFileStore.openEngine(options)) {
      engine.remember(CONTACT, 0);
      assertThatThrownBy(() -> engine.apply(create, ApplyMode.LIVE))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("bound to a database");
      assertThatThrownBy(() -> engine.deleteMessagesBefore(NOW))
          .isInstanceOf(EngineFailureException.class);
      Handshake other = new Handshake(new UUID(9, 9), NODE, 0, 1, NOW);
      assertThatThrownBy(() -> engine.remember(other, 0)).isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(() -> JsonFileStore.open(options))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining(directory.toString())
        .hasMessageContaining("hybrid store");
  }

  @Test
  void pendingChangesKeepTheirOrderAndAreRebased() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change create = new Change.ConversationCreated(stamp(), NewConversation.ofId("chat"), false);
    Change touch =
        new Change.ConversationUpdated(
            stamp(), ConversationRef.live("chat"), ConversationUpdate.touch());
    Change.MessagesAppended append =
        new Change.MessagesAppended(
            stamp(),
            ConversationRef.live("chat"),
            List.of(NewMessage.of(UUID.randomUUID(), Message.user("hello"))),
            io.conversationstore.AppendCondition.always(),
            false);
    Change.ConversationDeleted delete =
        new Change.ConversationDeleted(stamp(), ConversationRef.live("chat"));
    Change again = new Change.ConversationCreated(stamp(), NewConversation.ofId("chat"), false);
    Change after =
        new Change.ConversationUpdated(
            stamp(), ConversationRef.live("chat"), ConversationUpdate.touch().withTitle("x"));
    List<Change> all = List.of(create, touch, append, delete, again, after);
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      all.forEach(engine::enqueue);
      engine.enqueue(touch);
      assertThat(engine.pending(ALICE)).isEqualTo(all);
      assertThat(engine.hasPending(ALICE, "chat")).isTrue();
      assertThat(engine.hasPending(ALICE, "other")).isFalse();
      assertThat(engine.pendingFigures().changes()).isEqualTo(6);
      assertThat(engine.pendingChange(append.id())).contains(append);
      engine.settle(
          List.of(
              settled(create, Settlement.Kind.DRAINED, 4),
              settled(touch, Settlement.Kind.PARKED, 0)));
    }
    for (int i = 0; i < 2; i++) {
      try (FileEngine engine = Memory.engine(files)) {
        for (int read = 0; read < 2; read++) {
          // First from the files, then from memory.
          assertThat(engine.pendingHeads(ALICE))
              .isEqualTo(engine.pendingHeads(ALICE, "chat"))
              .extracting(Change::id)
              .containsExactly(append.id(), delete.id(), again.id(), after.id());
          Change.MessagesAppended head =
              (Change.MessagesAppended) engine.pendingHeads(ALICE).get(0);
          assertThat(head.ref().generation()).isEqualTo(4);
          assertThat(head.messages().get(0).message().content()).isEmpty();
        }
        assertThat(engine.pendingChange(append.id())).contains(append.withGeneration(4));
        assertThat(engine.pendingChange(create.id())).isEmpty();
        assertThat(engine.pendingChange(touch.id())).isEmpty();
        assertThat(engine.pending(10, Long.MAX_VALUE))
            .containsExactly(append.withGeneration(4), delete.withGeneration(4), again, after);
        assertThat(engine.parked()).extracting("changeId").containsExactly(touch.id());
        assertThat(engine.find(ALICE, "chat").conversation()).isNull();
        if (i == 0) {
          // An erasure of another owner rewrites the log.
          engine.enqueue(
              new Change.OwnerErased(
                  new ChangeStamp(UUID.randomUUID(), Owner.of("a", "b"), 0, NOW, NODE)));
          engine.settle(
              List.of(
                  settled(engine.pending(10, Long.MAX_VALUE).get(4), Settlement.Kind.DRAINED, 0)));
        }
      }
    }
  }

  @Test
  void aCompactionKeepsTheQueue() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change rejected = touch("a");
    Change waiting = touch("b");
    try (FileEngine engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.enqueue(rejected);
      engine.enqueue(waiting);
      engine.settle(List.of(settled(rejected, Settlement.Kind.PARKED, 0)));
      engine.compact();
      MemoryFiles copy = files.copy();
      copy.remove(FileNames.CHECKPOINT);
      try (LocalStore opened = Memory.engine(copy)) {
        requireQueued(opened, waiting, rejected);
      }
      requireQueued(engine, waiting, rejected);
    }
  }

  /**
   * A node needs its record of deletions so that a database that went back in time does not show
   * deleted rows again.
   */
  @Test
  void whatTheDatabaseDeletedIsForgottenByItsTimeAndNotByTheNodesClock() throws IOException {
    ManualClock clock = new ManualClock(NOW);
    JsonFileOptions options = Memory.options().withClock(clock, new UuidV7(clock, new Random(1)));
    try (FileEngine engine = Memory.engine(new MemoryFiles(), options)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(header(1, 1, 0)), null, null);
      engine.mirror(List.of(gone(1)), new FeedPosition("1"), NOW);
      clock.advance(Duration.ofDays(40));
      engine.compact();
      assertThat(engine.find(ALICE, "chat").conversation()).as("the clock is ahead").isNotNull();
      clock.advance(Duration.ofDays(-80));
      engine.mirror(List.of(header(2, 1, 0)), null, null);
      engine.mirror(List.of(gone(2)), new FeedPosition("2"), NOW);
      clock.advance(Duration.ofDays(40));
      engine.compact();
      assertThat(engine.find(ALICE, "chat").conversation()).as("it was behind").isNotNull();
      engine.mirror(List.of(), new FeedPosition("3"), NOW.plus(Duration.ofDays(31)));
      clock.advance(Duration.ofDays(31));
      engine.compact();
      assertThat(engine.find(ALICE, "chat").conversation()).as("its time is over").isNull();
    }
  }

  private static void requireQueued(LocalStore store, Change waiting, Change rejected) {
    assertThat(store.pending(10, Long.MAX_VALUE)).containsExactly(waiting);
    assertThat(store.parked()).extracting("changeId").containsExactly(rejected.id());
  }

  private static Settlement settled(Change change, Settlement.Kind kind, long generation) {
    Map<String, Long> generations = generation == 0 ? Map.of() : Map.of("chat", generation);
    return new Settlement(
        change.id(), kind, ChangeStamp.PRESENT_EPOCH, generations, null, "because", NOW);
  }

  @Test
  void whatFollowsABulkIsRebasedConversationByConversation() throws IOException {
    MemoryFiles files = new MemoryFiles();
    ChangeStamp stamp = stamp();
    Change bulk =
        new Change.Bulk(
            stamp,
            List.of(
                new Change.ConversationCreated(stamp(), NewConversation.ofId("a"), false),
                new Change.ConversationCreated(stamp(), NewConversation.ofId("b"), false)));
    Change.ConversationUpdated ofA = touch("a");
    Change.ConversationUpdated ofB = touch("b");
    Change ofC = touch("c");
    Change again =
        new Change.Bulk(
            stamp(),
            List.of(
                new Change.ConversationCreated(stamp(), NewConversation.ofId("a"), false), ofA));
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      List.of(bulk, ofA, ofB, ofC, again).forEach(engine::enqueue);
      engine.settle(
          List.of(
              new Settlement(
                  bulk.id(), Settlement.Kind.DRAINED, 0, Map.of("a", 3L, "b", 5L), null, "", NOW)));
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE))
          .containsExactly(
              ofA.withGeneration(3),
              ofB.withGeneration(5),
              ofC,
              new Change.Bulk(again.stamp(), List.of(ofA.withGeneration(3))));
    }
  }

  @Test
  void aBulkThatWasSentBeforeStaysAsItWasSent() throws IOException {
    ChangeStamp first = stamp();
    Change create = new Change.ConversationCreated(first, NewConversation.ofId("chat"), false);
    Change sent =
        new Change.Bulk(
            stamp(),
            List.of(
                new Change.ConversationCreated(stamp(), NewConversation.ofId("chat"), false),
                touch("chat")),
            true);
    MemoryFiles files = new MemoryFiles();
    try (FileEngine engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      List.of(create, sent).forEach(engine::enqueue);
      engine.settle(List.of(settled(create, Settlement.Kind.DRAINED, 3)));
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(sent);
      engine.compact();
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(sent);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(sent);
    }
  }

  @Test
  void generationsMoveOnlyWhatIsOfTheirEpoch() throws IOException {
    Change create = new Change.ConversationCreated(stamp(), NewConversation.ofId("chat"), false);
    Change ofNextEpoch = touch("chat").withStamp(stamp().withEpoch(1));
    Change.ConversationUpdated ofPresentEpoch =
        touch("chat").withStamp(stamp().withEpoch(ChangeStamp.PRESENT_EPOCH));
    try (LocalStore engine = Memory.engine(new MemoryFiles())) {
      engine.remember(CONTACT, 0);
      List.of(create, ofNextEpoch, ofPresentEpoch).forEach(engine::enqueue);
      engine.settle(List.of(settled(create, Settlement.Kind.DRAINED, 3)));
      assertThat(engine.pending(10, Long.MAX_VALUE))
          .containsExactly(ofNextEpoch, ofPresentEpoch.withGeneration(3));
    }
  }

  @Test
  void writesBehindOneThatTookEffectLaterKeepTheirOrder() throws IOException {
    Change first = touch("chat");
    Change second = touch("chat");
    Change third = touch("chat");
    Instant landed = NOW.plus(Duration.ofSeconds(9));
    try (LocalStore engine = Memory.engine(new MemoryFiles())) {
      engine.remember(CONTACT, 0);
      List.of(first, second, third).forEach(engine::enqueue);
      engine.settle(
          List.of(
              new Settlement(
                  first.id(),
                  Settlement.Kind.DRAINED,
                  ChangeStamp.PRESENT_EPOCH,
                  Map.of(),
                  landed,
                  "",
                  NOW)));
      assertThat(engine.pending(10, Long.MAX_VALUE))
          .extracting(change -> change.stamp().time())
          .containsExactly(landed.plus(1, ChronoUnit.MICROS), landed.plus(2, ChronoUnit.MICROS));
    }
  }

  private static Change.ConversationUpdated touch(String conversation) {
    return new Change.ConversationUpdated(
        stamp(), ConversationRef.live(conversation), ConversationUpdate.touch());
  }

  @Test
  void pendingErasureLeavesWhatCameAfterIt() throws IOException {
    MemoryFiles files = new MemoryFiles();
    PreferencesState after =
        new PreferencesState(ALICE, 1, 1, null, 0, null, "written after it", NOW);
    Change erase = new Change.OwnerErased(stamp());
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(new OwnerState(ALICE, 1), after), null, null);
      assertThat(engine.enqueue(erase)).isEqualTo(LocalStore.Removed.NOTHING);
      assertThat(engine.preferences(ALICE)).isEqualTo(after);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(erase);
      assertThat(engine.preferences(ALICE)).isEqualTo(after);
    }
  }

  /** Its answer was lost: the database applied it before these changes were made. */
  @Test
  void pendingErasureLeavesPendingChangesOfALaterEpoch() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change earlier = create("earlier").withStamp(stamp().withEpoch(0));
    Change later = create("later").withStamp(stamp().withEpoch(1));
    Change erase = new Change.OwnerErased(stamp().withEpoch(0));
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(new OwnerState(ALICE, 1)), null, null);
      engine.enqueue(earlier);
      engine.enqueue(later);
      engine.enqueue(erase);
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(later, erase);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(later, erase);
    }
  }

  @Test
  void pendingErasureRemovesRowsAndEarlierChanges() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change erase = new Change.OwnerErased(stamp());
    Change later = create("new");
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.mirror(List.of(header(1, 1, 1), message(1, 1, "MARKER")), null, null);
      engine.enqueue(
          new Change.ConversationCreated(
              stamp(), NewConversation.ofId("x").withTitle("MARKER"), false));
      assertThat(engine.hasPendingErasure(ALICE)).isFalse();
      assertThat(engine.enqueue(erase)).isEqualTo(new LocalStore.Removed(1, 1));
      assertThat(engine.hasPendingErasure(ALICE)).isTrue();
      assertThat(new String(files.all(), StandardCharsets.UTF_8)).doesNotContain("MARKER");
      engine.mirror(List.of(header(1, 1, 1), message(1, 1, "MARKER")), null, null);
      assertThat(engine.count(ALICE).messages()).isZero();
      engine.enqueue(later);
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(erase, later);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(erase, later);
      engine.settle(
          List.of(new Settlement(erase.id(), Settlement.Kind.DRAINED, 1, Map.of(), null, "", NOW)));
      assertThat(engine.pending(10, Long.MAX_VALUE).get(0).stamp().epoch()).isEqualTo(1);
    }
  }

  @Test
  void anErasureMovesOnlyWhatWasMadeBehindItAndNotBehindAFurtherOne() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change first = new Change.OwnerErased(stamp());
    Change sent = create("sent").withStamp(stamp().withEpoch(0));
    Change made = create("made");
    Change second = new Change.OwnerErased(stamp().withEpoch(1));
    Change last = create("last");
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.enqueue(first);
      engine.enqueue(sent);
      engine.enqueue(made);
      engine.settle(List.of(drained(first, 1)));
      assertThat(epochs(engine)).containsExactly(0L, 1L);
      engine.enqueue(second);
      engine.enqueue(last);
      engine.settle(List.of(drained(second, 2)));
      assertThat(epochs(engine)).containsExactly(2L);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(epochs(engine)).containsExactly(2L);
    }
  }

  @Test
  void anErasureThatWasSentBeforeLeavesALaterOneAndWhatFollowsIt() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Change sent = new Change.OwnerErased(stamp());
    Change earlier = rename("earlier");
    Change later = new Change.OwnerErased(stamp().withTime(NOW.plusSeconds(1)));
    Change behind = create("behind");
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      engine.enqueue(earlier);
      engine.enqueue(later);
      engine.enqueue(behind);
      engine.enqueue(sent);
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(later, behind, sent);
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(later, behind, sent);
      Change last = new Change.OwnerErased(stamp().withEpoch(1).withTime(NOW.plusSeconds(2)));
      engine.enqueue(last);
      assertThat(engine.pending(10, Long.MAX_VALUE)).containsExactly(last);
    }
  }

  @Test
  void whatFollowsAWriteThatLandedLaterIsMadeAfterIt() throws IOException {
    MemoryFiles files = new MemoryFiles();
    Instant landed = NOW.plusSeconds(5);
    Change first = rename("chat");
    Change second = rename("chat");
    Change other = rename("other");
    Change put =
        new Change.PreferencesPut(stamp(), PreferencesUpdate.none().withSelectedModel("m"), 0);
    try (LocalStore engine = Memory.engine(files)) {
      engine.remember(CONTACT, 0);
      List.of(first, second, other, put).forEach(engine::enqueue);
      engine.settle(
          List.of(
              new Settlement(
                  first.id(),
                  Settlement.Kind.DRAINED,
                  ChangeStamp.PRESENT_EPOCH,
                  Map.of(),
                  landed,
                  "",
                  NOW)));
    }
    try (LocalStore engine = Memory.engine(files)) {
      assertThat(engine.pending(10, Long.MAX_VALUE))
          .extracting(change -> change.stamp().time())
          .containsExactly(landed.plus(1, ChronoUnit.MICROS), NOW, NOW);
    }
  }

  /** A change as made after a pending erasure. */
  private static Change create(String id) {
    return new Change.ConversationCreated(
        stamp().withEpoch(ChangeStamp.PRESENT_EPOCH), NewConversation.ofId(id), false);
  }

  private static Change rename(String id) {
    return new Change.ConversationUpdated(
        stamp(), new ConversationRef(id, 1), ConversationUpdate.touch().withTitle("new"));
  }

  private static Settlement drained(Change erasure, long epoch) {
    return new Settlement(erasure.id(), Settlement.Kind.DRAINED, epoch, Map.of(), null, "", NOW);
  }

  private static List<Long> epochs(LocalStore engine) {
    return engine.pending(10, Long.MAX_VALUE).stream()
        .map(change -> change.stamp().epoch())
        .toList();
  }
}
