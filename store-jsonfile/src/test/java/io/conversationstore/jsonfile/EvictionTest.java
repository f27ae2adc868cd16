package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.CopyLimits;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Provenance;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Contact;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore;
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
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A mirror that holds the contents of some conversations only. */
class EvictionTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final UUID NODE = new UUID(1, 1);
  private static final Instant NOW = Instant.parse("2026-01-20T00:00:00Z");
  private static final Contact CONTACT = new Contact(new UUID(2, 2), new UUID(3, 3), 0, 1, NOW);
  private static final FeedPosition PLACE = new FeedPosition("17");

  private final MemoryFiles files = new MemoryFiles();

  /** A header and its messages, of which the second one is deleted. */
  private static List<State> conversation(String id, Instant updated, int messages) {
    ConversationState created =
        Transitions.created(ALICE, NewConversation.withId(id), id, 0, 1, updated, NODE);
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
    // That a message was deleted is known, and which one.
    assertThat(store.mirroredAt(ALICE, id, 1)).isEmpty();
    assertThat(store.mirroredAt(ALICE, id, 2))
        .hasValueSatisfying(m -> assertThat(m.live()).isFalse());
    assertThat(store.mirroredMessages(ALICE, id, 0, 9)).hasSize(1);
  }

  @Test
  void whatNobodyUpdatedForLongLosesItsContentsAndNothingElse() throws IOException {
    try (FileEngine engine = opened()) {
      engine.mirror(conversation("old", NOW.minus(Duration.ofDays(8)), 4), null, null);
      engine.mirror(conversation("new", NOW.minus(Duration.ofDays(6)), 3), PLACE, NOW);
      LocalStore.Coverage left = engine.evict(NOW.minus(Duration.ofDays(7)), Long.MAX_VALUE);
      assertThat(left.conversations()).isEqualTo(2);
      assertThat(left.whole()).isEqualTo(1);
      assertThat(left.evictedThrough()).isEqualTo(NOW.minus(Duration.ofDays(8)));
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
    files.remove(Checkpoint.NAME);
    try (FileEngine engine = Memory.engine(files)) {
      requireEvicted(engine);
      assertThat(engine.identity().position()).isEqualTo(PLACE);
      engine.mirror(conversation("old", NOW, 4), null, null);
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
  void ofTooMuchThoseGoThatWereUpdatedFirst() throws IOException {
    try (FileEngine engine = opened()) {
      for (int i = 0; i < 10; i++) {
        engine.mirror(conversation("c" + i, NOW.plusSeconds(i), 3), PLACE, NOW);
      }
      long all = engine.evict(Instant.MIN, Long.MAX_VALUE).bytes();
      assertThat(engine.evict(Instant.MIN, all).bytes()).isEqualTo(all);
      assertThat(engine.evict(Instant.MIN, all).evictedThrough()).isNull();
      // One of them is too much, and a tenth goes beside.
      LocalStore.Coverage left = engine.evict(Instant.MIN, all - 10);
      assertThat(left.bytes()).isBetween(all / 2, all - all / 10);
      assertThat(left.evictedThrough()).isEqualTo(NOW.plusSeconds(1));
      requireHeaderOnly(engine, "c0", 2);
      requireHeaderOnly(engine, "c1", 2);
      requireWhole(engine, "c2", 2);
      requireWhole(engine, "c9", 2);
      assertThat(engine.evict(Instant.MIN, 0))
          .isEqualTo(new LocalStore.Coverage(10, 0, 0, NOW.plusSeconds(9)));
    }
  }

  @Test
  void widerLimitsHaveTheFeedReadFromItsStart() throws IOException {
    CopyLimits week = CopyLimits.NONE.activeWithin(Duration.ofDays(7));
    try (FileEngine engine = opened()) {
      engine.mirror(conversation("c", NOW, 3), PLACE, NOW);
      engine.limit(week);
      engine.limit(week.maxBytes(1_000));
      assertThat(engine.identity().position()).isEqualTo(PLACE);
    }
    try (FileEngine engine = Memory.engine(files)) {
      engine.limit(week.maxBytes(1_000));
      engine.limit(CopyLimits.NONE.activeWithin(Duration.ofDays(3)).maxBytes(1_000));
      assertThat(engine.identity().position()).isEqualTo(PLACE);
      engine.limit(week.maxBytes(1_000));
      assertThat(engine.identity().position()).isEqualTo(FeedPosition.START);
      engine.mirror(List.of(), PLACE, NOW);
      engine.limit(week);
      assertThat(engine.identity().position()).isEqualTo(FeedPosition.START);
      engine.mirror(List.of(), PLACE, NOW);
    }
    try (FileEngine engine = Memory.engine(files)) {
      engine.limit(CopyLimits.NONE);
      assertThat(engine.identity().position()).isEqualTo(FeedPosition.START);
      assertThat(engine.identity().mirrorAsOf()).isEqualTo(NOW);
      requireWhole(engine, "c", 2);
    }
  }
}
