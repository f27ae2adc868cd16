package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.Transitions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A mirror that holds the contents of only some conversations. */
class EvictionTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final UUID NODE = new UUID(1, 1);
  private static final Instant NOW = Instant.parse("2026-01-20T00:00:00Z");
  private static final Handshake CONTACT = new Handshake(new UUID(2, 2), new UUID(3, 3), 0, 1, NOW);
  private static final FeedPosition PLACE = new FeedPosition("17");

  private final MemoryFiles files = new MemoryFiles();

  /** A header and its messages, of which the second is deleted. */
  private static List<State> conversation(String id, Instant updated, int messages) {
    ConversationState created =
        Transitions.created(ALICE, NewConversation.ofId(id), id, 0, 1, updated, NODE);
    List<State> states = new ArrayList<>();
    states.add(
        new ConversationState(
            ALICE,
            id,
            0,
            1,
            messages,
            Transitions.counted(created.requireLive(), messages - 1),
            messages,
            NODE));
    for (int seq = 1; seq <= messages; seq++) {
      MessageState message = message(id, seq, updated);
      states.add(seq == 2 ? Transitions.deleted(message) : message);
    }
    return states;
  }

  private static MessageState message(String id, int seq, Instant at) {
    UUID messageId = new UUID(id.hashCode(), seq);
    Message message = Message.user("MARKER of " + id).withId(messageId);
    return new MessageState(
        ALICE,
        id,
        0,
        1,
        1,
        seq,
        messageId,
        "d",
        new StoredMessage(id, messageId, seq, at, null, message));
  }

  private FileEngine opened() throws IOException {
    FileEngine engine = Memory.engine(files);
    engine.remember(CONTACT, 0);
    return engine;
  }

  private static MessageSlice read(LocalStore store, String id) {
    return store.messages(ALICE, id, Direction.FORWARD, null, 100);
  }

  private static void requireWhole(LocalStore store, String id, int messages) {
    assertThat(read(store, id).slice().items()).hasSize(messages);
    assertThat(read(store, id).slice().provenance().complete()).isTrue();
    assertThat(store.lacksMessages(ALICE, id)).isFalse();
  }

  private static void requireHeaderOnly(LocalStore store, String id, long counted) {
    MessageSlice read = read(store, id);
    assertThat(read.slice().items()).isEmpty();
    assertThat(read.slice().provenance().complete()).isFalse();
    assertThat(read.conversation().requireLive().messageCount()).isEqualTo(counted);
    assertThat(store.find(ALICE, id).provenance().complete()).isFalse();
    assertThat(store.lacksMessages(ALICE, id)).isTrue();
    // The mirror still knows which message was deleted.
    assertThat(store.mirroredAt(ALICE, id, 1)).isEmpty();
    assertThat(store.mirroredAt(ALICE, id, 2))
        .hasValueSatisfying(m -> assertThat(m.live()).isFalse());
    assertThat(store.mirroredMessages(ALICE, id, 0, 9)).hasSize(1);
  }

  @Test
  void anOwnWriteFromBeforeIsNotPutOverWhatWasGivenUp() throws IOException {
    try (FileEngine engine = opened()) {
      List<State> first = conversation("chat", NOW.minus(Duration.ofDays(9)), 3);
      ConversationState header = (ConversationState) first.get(0);
      ConversationState later = header.next(header.live(), header.lastSeq());
      engine.mirror(first, null, null);
      engine.mirror(List.of(later), PLACE, NOW);
      engine.giveUp(List.of(new LocalStore.Mirrored(ALICE, "chat", 0, 1)));
      State message = first.get(first.size() - 1);
      engine.mirror(List.of(header, message));
      assertThat(read(engine, "chat").slice().items()).isEmpty();
      engine.mirror(List.of(later, message));
      assertThat(read(engine, "chat").slice().items()).hasSize(1);
    }
  }

  @Test
  void whatNobodyUpdatedForLongLosesItsContentsAndNothingElse() throws IOException {
    try (FileEngine engine = opened()) {
      engine.mirror(conversation("old", NOW.minus(Duration.ofDays(8)), 4), null, null);
      engine.mirror(conversation("new", NOW.minus(Duration.ofDays(6)), 3), PLACE, NOW);
      LocalStore.Coverage left = evict(engine, NOW.minus(Duration.ofDays(7)), Long.MAX_VALUE);
      assertThat(left.conversations()).isEqualTo(2);
      assertThat(left.whole()).isEqualTo(1);
      assertThat(left.evicted()).isEqualTo(1);
      assertThat(left.evictedThrough()).isNull();
      assertThat(left.heldSince()).isEqualTo(NOW.minus(Duration.ofDays(6)));
      requireEvicted(engine);
    }
    try (FileEngine engine = Memory.engine(files)) {
      requireEvicted(engine);
      engine.compact();
      requireEvicted(engine);
      assertThat(new String(files.all(), StandardCharsets.UTF_8))
          .doesNotContain("MARKER of old")
          .contains("MARKER of new");
    }
    files.remove(FileNames.CHECKPOINT);
    try (FileEngine engine = Memory.engine(files)) {
      requireEvicted(engine);
      assertThat(engine.identity().position()).isEqualTo(PLACE);
      engine.mirror(conversation("old", NOW, 4), null, null);
      engine.markWhole(new LocalStore.Mirrored(ALICE, "old", 0, 1));
      requireWhole(engine, "old", 3);
      assertThat(history(engine).provenance().complete()).isTrue();
    }
  }

  private static void requireEvicted(LocalStore store) {
    requireHeaderOnly(store, "old", 3);
    requireWhole(store, "new", 2);
    Slice<ConversationState> list = store.conversations(ALICE, ConversationQuery.all(), null);
    assertThat(list.items()).extracting(ConversationState::id).containsExactly("new", "old");
    assertThat(list.provenance().complete()).isTrue();
    assertThat(history(store).items()).hasSize(2);
    assertThat(history(store).provenance().source()).isEqualTo(Provenance.Source.LOCAL_FILES);
    assertThat(history(store).provenance().complete()).isFalse();
  }

  private static Slice<MessageState> history(LocalStore store) {
    return store.history(ALICE, Direction.FORWARD, null, 100);
  }

  @Test
  void theLeastRecentlyUpdatedAreEvictedFirst() throws IOException {
    try (FileEngine engine = opened()) {
      for (int i = 0; i < 10; i++) {
        engine.mirror(conversation("c" + i, NOW.plusSeconds(i), 3), PLACE, NOW);
      }
      long all = evict(engine, Instant.MIN, Long.MAX_VALUE).bytes();
      assertThat(evict(engine, Instant.MIN, all).bytes()).isEqualTo(all);
      assertThat(evict(engine, Instant.MIN, all).evictedThrough()).isNull();
      // One of them exceeds the limit, and a tenth more is freed.
      LocalStore.Coverage left = evict(engine, Instant.MIN, all - 10);
      assertThat(left.bytes()).isBetween(all / 2, all - all / 10);
      assertThat(left.evictedThrough()).isEqualTo(NOW.plusSeconds(1));
      requireHeaderOnly(engine, "c0", 2);
      requireHeaderOnly(engine, "c1", 2);
      requireWhole(engine, "c2", 2);
      requireWhole(engine, "c9", 2);
      assertThat(evict(engine, Instant.MIN, 0))
          .isEqualTo(new LocalStore.Coverage(10, 0, 0, 8, null, null));
    }
  }

  @Test
  void aHeaderAheadOfADeleteDoesNotMakeItWhole() throws IOException {
    for (boolean given : List.of(true, false)) {
      MemoryFiles disk = new MemoryFiles();
      try (FileEngine engine = Memory.engine(disk)) {
        engine.remember(CONTACT, 0);
        engine.mirror(List.of(header("c", 2, 1, 1)), PLACE, NOW);
        if (given) {
          engine.mirror(List.of(message("c", 1, NOW)), PLACE, NOW);
          evict(engine, Instant.MAX, 0);
        }
        // Own append of 2; another node deletes 2; own append of 3 brings a header that counts the
        // deletion.
        engine.mirror(List.of(header("c", 3, 2, 2), message("c", 2, NOW)), null, null);
        engine.mirror(List.of(header("c", 5, 2, 3), message("c", 3, NOW)), null, null);
        assertThat(engine.find(ALICE, "c").provenance().complete()).isFalse();
        assertThat(engine.lacksMessages(ALICE, "c")).isTrue();
      }
      try (FileEngine engine = Memory.engine(disk)) {
        assertThat(engine.lacksMessages(ALICE, "c")).isTrue();
        MessageState deleted = Transitions.deleted(message("c", 2, NOW));
        Instant later = NOW.plusSeconds(1);
        engine.mirror(List.of(header("c", 5, 2, 3), message("c", 1, NOW), deleted), PLACE, later);
        assertThat(engine.lacksMessages(ALICE, "c")).isEqualTo(given);
        engine.markWhole(new LocalStore.Mirrored(ALICE, "c", 0, 1));
        requireWhole(engine, "c", 2);
      }
    }
  }

  private static ConversationState header(String id, int version, int count, int lastSeq) {
    ConversationState created =
        Transitions.created(ALICE, NewConversation.ofId(id), id, 0, 1, NOW, NODE);
    return new ConversationState(
        ALICE, id, 0, 1, version, Transitions.counted(created.requireLive(), count), lastSeq, NODE);
  }

  /** Rows deleted long ago are gone, here and in the database. */
  @Test
  void placesThatAreGoneForGoodAreNotMissed() throws IOException {
    try (FileEngine engine = opened()) {
      engine.mirror(List.of(header("c", 9, 1, 3), message("c", 3, NOW)), PLACE, NOW);
      assertThat(engine.lacksMessages(ALICE, "c")).isTrue();
      engine.mirror(List.of(), PLACE, NOW.plusSeconds(1));
      requireWhole(engine, "c", 1);
      // The header is ahead of the feed until the feed delivers it.
      engine.mirror(List.of(header("c", 10, 1, 3)), null, null);
      assertThat(engine.lacksMessages(ALICE, "c")).isTrue();
      engine.mirror(List.of(header("c", 10, 1, 3)), PLACE, NOW.plusSeconds(2));
      requireWhole(engine, "c", 1);
      // A write of this node that the feed delivered first.
      engine.mirror(List.of(header("c", 10, 1, 3)), null, null);
      requireWhole(engine, "c", 1);
    }
  }

  @Test
  void whatIsGivenUpIsFoundTheLatestFirstUntilItIsWhole() throws IOException {
    LocalStore.Mirrored third = new LocalStore.Mirrored(ALICE, "c3", 0, 1);
    try (FileEngine engine = opened()) {
      for (int i = 0; i < 5; i++) {
        engine.mirror(conversation("c" + i, NOW.plusSeconds(i), 3), PLACE, NOW.plusSeconds(9));
      }
      engine.giveUp(
          List.of(
              new LocalStore.Mirrored(ALICE, "c1", 0, 1),
              new LocalStore.Mirrored(ALICE, "c2", 0, 7),
              third,
              new LocalStore.Mirrored(ALICE, "c4", 3, 1)));
      engine.mirror(conversation("c3", NOW.plusSeconds(3), 3), null, null);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(lacking(engine, Instant.MIN, 9)).containsExactly("c3", "c1");
      assertThat(lacking(engine, NOW.plusSeconds(2), 9)).containsExactly("c3");
      assertThat(lacking(engine, Instant.MIN, 1)).containsExactly("c3");
      engine.compact();
      files.remove(FileNames.CHECKPOINT);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(lacking(engine, Instant.MIN, 9)).containsExactly("c3", "c1");
      engine.markWhole(third);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(lacking(engine, Instant.MIN, 9)).containsExactly("c1");
      // The feed delivers another conversation of the same id from its beginning.
      engine.mirror(
          List.of(
              new ConversationState(ALICE, "c1", 0, 2, 1, header("c1", 1, 0, 0).live(), 0, NODE)),
          PLACE,
          NOW.plusSeconds(9));
      assertThat(lacking(engine, Instant.MIN, 9)).isEmpty();
    }
  }

  private static List<String> lacking(LocalStore store, Instant since, int limit) {
    return store.lacking(since, limit).stream().map(ConversationState::id).toList();
  }

  @Test
  void aLargeConversationIsEvictedFirst() throws IOException {
    try (FileEngine engine = opened()) {
      for (int i = 0; i < 6; i++) {
        engine.mirror(conversation("c" + i, NOW.plusSeconds(i), 3), PLACE, NOW);
      }
      engine.mirror(conversation("large", NOW.plusSeconds(9), 30), PLACE, NOW);
      long all = evict(engine, Instant.MIN, Long.MAX_VALUE).bytes();
      LocalStore.Coverage left = evict(engine, Instant.MIN, all - 1);
      assertThat(left.evicted()).isEqualTo(1);
      assertThat(left.evictedThrough()).isNull();
      assertThat(left.heldSince()).isEqualTo(NOW);
      assertThat(engine.lacksMessages(ALICE, "large")).isTrue();
      requireWhole(engine, "c0", 2);
    }
  }

  @Test
  void aStepThatIsNotTakenLeavesWhatThereIs() throws IOException {
    try (FileEngine engine = opened()) {
      engine.mirror(conversation("c", NOW, 3), PLACE, NOW.plusSeconds(1));
      LocalStore.Coverage left = engine.evict(Instant.MAX, 0, step -> false);
      assertThat(left.evicted()).isZero();
      assertThat(left.whole()).isEqualTo(1);
      requireWhole(engine, "c", 2);
    }
  }

  @Test
  void aSearchThatMeetsAnEvictionIsNotComplete() throws IOException {
    HookedFiles hooked = new HookedFiles(files);
    try (FileEngine engine = Memory.engine(hooked, Memory.options().withSegmentBytes(64 << 20))) {
      engine.remember(CONTACT, 0);
      engine.mirror(conversation("c", NOW, Page.MAX_LIMIT + 10), PLACE, NOW.plusSeconds(1));
      AtomicBoolean once = new AtomicBoolean();
      hooked.afterRead(
          () -> {
            if (once.compareAndSet(false, true)) {
              evict(engine, Instant.MAX, 0);
            }
          });
      for (String id : new String[] {"c", null}) {
        MessageFilter words = new MessageFilter.Words(Set.of("marker"), id, null);
        assertThat(engine.search(ALICE, words, null, Page.MAX_LIMIT).provenance().complete())
            .isFalse();
      }
    }
  }

  private static LocalStore.Coverage evict(LocalStore store, Instant idleSince, long maxBytes) {
    return store.evict(idleSince, maxBytes, MirrorStep::all);
  }
}
