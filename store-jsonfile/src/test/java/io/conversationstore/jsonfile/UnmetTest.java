package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore.Met;
import io.conversationstore.spi.LocalStore.Placed;
import io.conversationstore.spi.LocalStore.Unmet;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Conversations of a directory that are not yet in a database. */
class UnmetTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final UUID NODE = new UUID(1, 1);
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final Handshake CONTACT = new Handshake(new UUID(2, 2), new UUID(3, 3), 0, 1, NOW);

  private MemoryFiles files = new MemoryFiles();

  private static void fill(ConversationStore store) {
    store.create(ALICE, NewConversation.ofId("chat").withTitle("Tea"));
    for (int i = 1; i <= 5; i++) {
      store.append(ALICE, "chat", Message.user("m" + i).withId(new UUID(0x7000, i)));
    }
    store.edit(ALICE, "chat", new UUID(0x7000, 2), MessageEdit.text("edited"));
    store.deleteMessage(ALICE, "chat", new UUID(0x7000, 3));
    store.create(ALICE, NewConversation.ofId("gone"));
    store.delete(ALICE, "gone");
    store.create(ALICE, NewConversation.ofId("again"));
    store.delete(ALICE, "again");
    store.createIfAbsent(ALICE, NewConversation.ofId("again"));
    store.updatePreferences(
        ALICE, PreferencesUpdate.none().withActiveConversation("chat").withSelectedModel("small"));
    store.create(BOB, NewConversation.ofId("bobs"));
    store.append(BOB, "bobs", Message.user("erased"));
    store.erase(BOB);
    store.create(BOB, NewConversation.ofId("bobs"));
    store.append(BOB, "bobs", Message.user("secret of bob"));
  }

  private FileEngine filled() throws IOException {
    FileEngine engine = Memory.engine(files);
    fill(Memory.front(engine));
    return engine;
  }

  private static List<String> texts(FileEngine engine) {
    return messages(engine).stream().map(message -> message.requireLive().text()).toList();
  }

  private static List<MessageState> messages(FileEngine engine) {
    return engine.messages(ALICE, "chat", Direction.FORWARD, null, 100).slice().items();
  }

  private static void assertUnmet(FileEngine engine) {
    assertThat(engine.unmet()).isEqualTo(new Unmet(2, 3, 5));
    ConversationState chat = engine.find(ALICE, "chat").live();
    assertThat(chat.generation()).isZero();
    assertThat(chat.version()).isZero();
    assertThat(chat.requireLive().title()).isEqualTo("Tea");
    assertThat(engine.find(ALICE, "gone").conversation()).isNull();
    assertThat(engine.find(ALICE, "again").live().generation()).isZero();
    assertThat(engine.find(BOB, "bobs").ownerEpoch()).isZero();
    assertThat(texts(engine)).containsExactly("m1", "edited", "m4", "m5");
    assertThat(engine.find(ALICE, "chat").provenance().complete()).isTrue();
    assertThat(engine.preferences(ALICE).activeConversation()).isEqualTo("chat");
    assertThat(engine.preferences(ALICE).activeGeneration()).isZero();
    assertThat(engine.preferences(ALICE).version()).isZero();
  }

  private static ConversationState header(FileEngine engine, Owner owner, String id, long epoch) {
    ConversationState here = engine.find(owner, id).live();
    return new ConversationState(owner, id, epoch, 3, 9, here.requireLive(), 14, here.createdBy());
  }

  /** The database joined the conversation to one with ten messages of others. */
  private static Met met(FileEngine engine) {
    Instant edited = messages(engine).get(1).requireLive().editedAt();
    return new Met(
        header(engine, ALICE, "chat", 0),
        List.of(
            new Placed(1, 11, 1, 1, null, null),
            new Placed(2, 12, 1, 2, NOW, edited),
            new Placed(4, 13, 2, 1, null, null)));
  }

  private static void assertMet(FileEngine engine) {
    assertThat(texts(engine)).containsExactly("m1", "edited", "m4", "m5");
    assertThat(messages(engine)).extracting(MessageState::seq).containsExactly(11L, 12L, 13L, 14L);
    assertThat(messages(engine)).extracting(MessageState::version).containsExactly(1L, 2L, 1L, 1L);
    assertThat(messages(engine)).allMatch(message -> message.generation() == 3);
    assertThat(messages(engine).get(1).requireLive().createdAt()).isEqualTo(NOW);
    assertThat(engine.find(ALICE, "chat").live().version()).isEqualTo(9);
    assertThat(engine.unmet()).isEqualTo(new Unmet(2, 2, 1));
  }

  @Test
  void whatIsLiveBecomesUnmetAndStaysSo() throws IOException {
    try (FileEngine engine = filled()) {
      assertThat(engine.unmet()).isEqualTo(new Unmet(2, 3, 5));
      engine.awaitDatabase();
      assertUnmet(engine);
    }
    try (FileEngine engine = Memory.engine(files)) {
      engine.awaitDatabase();
      assertUnmet(engine);
      engine.compact();
      assertUnmet(engine);
      engine.remember(CONTACT, 0);
      engine.resetMirror(false);
      assertUnmet(engine);
    }
    files.remove("checkpoint");
    try (FileEngine engine = Memory.engine(files)) {
      assertUnmet(engine);
    }
  }

  @Test
  void itIsWrittenToAgainWhereNoDatabaseWasMet() throws IOException {
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      ConversationStore store = Memory.front(engine);
      store.append(ALICE, "chat", Message.user("m6"));
      store.delete(ALICE, "again");
      store.create(ALICE, NewConversation.ofId("again"));
      assertThat(texts(engine)).containsExactly("m1", "edited", "m4", "m5", "m6");
      assertThatThrownBy(() -> engine.mirror(List.of(new OwnerState(ALICE, 1)), null, null))
          .isInstanceOf(IllegalStateException.class);
      engine.awaitDatabase();
      assertThat(engine.unmet()).isEqualTo(new Unmet(2, 3, 6));
    }
  }

  @Test
  void whatTheDatabaseHasStandsWhereItHasIt() throws IOException {
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      engine.remember(CONTACT, 0);
      engine.met(List.of(met(engine)));
      assertMet(engine);
      // Repeating it changes nothing.
      engine.met(List.of(new Met(header(engine, ALICE, "chat", 0), List.of())));
      assertMet(engine);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertMet(engine);
      engine.compact();
      assertMet(engine);
    }
    files.remove("checkpoint");
    try (FileEngine engine = Memory.engine(files)) {
      assertMet(engine);
    }
  }

  @Test
  void aCompactionMeanwhileLosesNothing() throws IOException {
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    HookedFiles hooked =
        new HookedFiles(
            files,
            () -> {
              if (Thread.currentThread().getName().startsWith("conversation-files")) {
                meanwhile.getAndSet(() -> {}).run();
              }
            });
    try (FileEngine engine = Memory.engine(hooked)) {
      fill(Memory.front(engine));
      meanwhile.set(engine::awaitDatabase);
      engine.compact();
      assertUnmet(engine);
      meanwhile.set(() -> engine.met(List.of(met(engine))));
      engine.compact();
      assertMet(engine);
    }
    try (FileEngine engine = Memory.engine(files)) {
      assertMet(engine);
    }
  }

  private static Change.MessagesAppended append(UUID id, long epoch) {
    Message message = Message.user("pending").withId(id);
    return new Change.MessagesAppended(
        new ChangeStamp(id, ALICE, epoch, NOW, NODE),
        new ConversationRef("chat", ConversationRef.LIVE),
        List.of(new NewMessage(id, message, "digest", null)),
        AppendCondition.always(),
        false);
  }

  @Test
  void whatWaitsLearnsTheGenerationAndTheEpoch() throws IOException {
    UUID first = new UUID(0x7001, 1);
    UUID second = new UUID(0x7001, 2);
    UUID third = new UUID(0x7001, 3);
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      engine.enqueue(append(first, 0));
      engine.enqueue(
          new Change.ConversationDeleted(
              new ChangeStamp(second, ALICE, 0, NOW, NODE),
              new ConversationRef("chat", ConversationRef.LIVE)));
      engine.enqueue(append(third, 0));
      engine.remember(CONTACT, 0);
      engine.met(List.of(new Met(header(engine, ALICE, "chat", 4), met(engine).messages())));
    }
    try (FileEngine engine = Memory.engine(files)) {
      List<Change> pending = engine.pending(ALICE);
      assertThat(pending).extracting(change -> change.stamp().epoch()).containsOnly(4L);
      assertThat(pending)
          .extracting(change -> change.ref().generation())
          .containsExactly(3L, 3L, ConversationRef.LIVE);
      assertThat(engine.find(ALICE, "again").ownerEpoch()).isEqualTo(4);
      assertThat(engine.unmet().conversations()).isEqualTo(2);
    }
  }

  private static Change save(UUID id, String... conversations) {
    ChangeStamp stamp = new ChangeStamp(id, ALICE, 0, NOW, NODE);
    List<Change> creates = new ArrayList<>();
    for (String conversation : conversations) {
      creates.add(new Change.ConversationCreated(stamp, NewConversation.ofId(conversation), false));
    }
    return new Change.Bulk(stamp, creates);
  }

  private static Change delete(UUID id, String conversation) {
    return new Change.ConversationDeleted(
        new ChangeStamp(id, ALICE, 0, NOW, NODE),
        new ConversationRef(conversation, ConversationRef.LIVE));
  }

  @Test
  void whatWaitsBehindASaveOfAnErasedConversationStaysWithItUnlessItsOwnLives() throws IOException {
    UUID save = new UUID(0x7001, 1);
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      engine.enqueue(save(save, "again", "chat", "new"));
      engine.enqueue(delete(new UUID(0x7001, 2), "new"));
      engine.enqueue(delete(new UUID(0x7001, 3), "chat"));
      engine.remember(CONTACT, 0);
      engine.forgetUnmet(ALICE, List.of("again"));
      engine.met(List.of(new Met(header(engine, ALICE, "chat", 4), met(engine).messages())));
      assertThat(engine.pending(ALICE))
          .extracting(change -> change.stamp().epoch())
          .containsExactly(0L, 0L, 4L);
    }
  }

  /** The conversation of a change behind an erasure is not the one that the erasure takes. */
  @Test
  void whatWaitsBehindAnErasureLearnsNoGeneration() throws IOException {
    UUID append = new UUID(0x7001, 1);
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      engine.enqueue(
          new Change.OwnerErased(new ChangeStamp(new UUID(0x7001, 9), ALICE, 0, NOW, NODE)));
      engine.enqueue(append(append, ChangeStamp.PRESENT_EPOCH));
      engine.remember(CONTACT, 0);
      ConversationState here =
          new ConversationState(ALICE, "chat", 0, 3, 9, null, 14, new UUID(0x7002, 1));
      engine.met(List.of(new Met(here, List.of())));
      Change pending = engine.pending(ALICE).get(1);
      assertThat(pending.id()).isEqualTo(append);
      assertThat(pending.ref().generation()).isEqualTo(ConversationRef.LIVE);
    }
  }

  @Test
  void anErasureTakesTheTextOfFormerEpochsToo() throws IOException {
    try (FileEngine engine = filled()) {
      engine.compact();
      engine.awaitDatabase();
      engine.remember(CONTACT, 0);
      ConversationState header = header(engine, BOB, "bobs", 0);
      engine.met(List.of(new Met(header, List.of(new Placed(1, 14, 1, 1, null, null)))));
      assertThat(files.holds("secret of bob")).isTrue();
      // The first erasure of the database; this directory had already done one.
      engine.mirror(List.of(new OwnerState(BOB, 1)), null, null);
      assertThat(files.holds("secret of bob")).isFalse();
      assertThat(texts(engine)).containsExactly("m1", "edited", "m4", "m5");
    }
  }

  @Test
  void textThatWasDeletedBeforeAnErasureElsewhereLeavesTheFiles() throws IOException {
    try (FileEngine engine = filled()) {
      Memory.front(engine).deleteMessage(ALICE, "chat", new UUID(0x7000, 5));
      engine.awaitDatabase();
      engine.remember(CONTACT, 0);
      engine.met(
          List.of(
              new Met(
                  header(engine, ALICE, "chat", 2), List.of(new Placed(1, 1, 1, 1, null, null)))));
      assertThat(files.holds("m5")).isFalse();
      assertThat(texts(engine)).containsExactly("m1");
    }
  }

  @Test
  void whatMustNotBeSentIsRemovedWithItsText() throws IOException {
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      engine.remember(CONTACT, 0);
      engine.forgetUnmet(BOB, List.of("bobs"));
      assertThat(engine.find(BOB, "bobs").conversation()).isNull();
      assertThat(files.holds("secret of bob")).isFalse();
      assertThat(texts(engine)).containsExactly("m1", "edited", "m4", "m5");
    }
  }

  /** Each start of a node calls it, even on a full disk. */
  @Test
  void whereNothingBecomesUnmetTheDiskIsNotNeeded() throws IOException {
    UUID refused = new UUID(0x7000, 99);
    try (FileEngine engine = filled()) {
      engine.awaitDatabase();
      files.fail(FaultPlan.Call.FORCE);
      files.fail(FaultPlan.Call.CREATE);
      assertThatThrownBy(() -> engine.enqueue(append(refused, 0)))
          .isInstanceOf(EngineFailureException.class);
      engine.awaitDatabase();
      files.heal();
      assertUnmet(engine);
    }
  }
}
