package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.TokenUsage;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Many changes in one transaction do what they do alone, in their order, all or none. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BatchWritesTest {

  private static final UUID NODE = UUID.randomUUID();

  private PrimaryStore engine;
  private Owner owner;

  PostgresOptions options() throws SQLException {
    return Databases.create().options();
  }

  @BeforeAll
  void open() throws SQLException {
    engine = PostgresStore.openEngine(options());
  }

  @BeforeEach
  void makeOwner() {
    owner = Owner.of("acme", UUID.randomUUID().toString());
  }

  @AfterAll
  void close() {
    if (engine != null) {
      engine.close();
    }
  }

  private Change create(String id) {
    return new Change.ConversationCreated(
        stamp(owner), NewConversation.ofId(id).withTitle("\"{},\\ 'x'"), false);
  }

  private Change append(String id, UUID message, String text) {
    return new Change.MessagesAppended(
        stamp(owner),
        new ConversationRef(id, 1),
        List.of(NewMessage.of(message, Message.user(text))),
        AppendCondition.always(),
        false);
  }

  private List<String> texts(String id) {
    return engine.messages(owner, id, Direction.FORWARD, null, 100).slice().items().stream()
        .map(state -> state.requireLive().text())
        .toList();
  }

  @Test
  void aBatchDoesWhatItsChangesDoAlone() {
    UUID first = UUID.randomUUID();
    UUID second = UUID.randomUUID();
    engine.apply(create("a"), ApplyMode.REPLAY);
    engine.apply(create("b"), ApplyMode.REPLAY);
    List<Change> changes = new ArrayList<>();
    changes.add(append("a", first, "a \"quoted\", {braced} \\ NULL"));
    changes.add(create("c"));
    changes.add(append("b", UUID.randomUUID(), "b0"));
    changes.add(append("a", second, "a1"));
    changes.add(
        new Change.MessageEdited(
            stamp(owner), new ConversationRef("a", 1), first, MessageEdit.text("a0 edited")));
    changes.add(
        new Change.PreferencesPut(
            stamp(owner), PreferencesUpdate.none().withActiveConversation("a"), 1));
    changes.add(new Change.MessageDeleted(stamp(owner), new ConversationRef("a", 1), second));
    changes.add(append("a", UUID.randomUUID(), "a2"));
    changes.add(create("d"));
    changes.add(
        new Change.ConversationUpdated(
            stamp(owner), new ConversationRef("b", 1), ConversationUpdate.touch().withTitle("t")));
    changes.add(append("b", UUID.randomUUID(), ""));

    List<Applied> applied = engine.applyAll(changes);
    assertThat(applied).hasSize(changes.size()).allMatch(Applied::changed);
    assertThat(texts("a")).containsExactly("a0 edited", "a2");
    assertThat(texts("b")).containsExactly("b0", "");
    assertThat(engine.find(owner, "c").live()).isNotNull();
    assertThat(applied.get(8).state(ConversationState.class).id()).isEqualTo("d");
    assertThat(applied.get(7).state(MessageState.class).seq()).isEqualTo(3);
    assertThat(applied.get(3).state(MessageState.class).messageId()).isEqualTo(second);

    // Once more, as after an answer that was lost, and then each alone.
    assertThat(engine.applyAll(changes)).hasSize(changes.size()).noneMatch(Applied::changed);
    for (Change change : changes) {
      assertThat(engine.apply(change, ApplyMode.REPLAY).changed()).isFalse();
    }
    assertThat(texts("a")).containsExactly("a0 edited", "a2");
    assertThat(engine.count(owner).messages()).isEqualTo(4);
  }

  @Test
  void plainAppendsGiveTheRowsThatFunctionsGive() {
    Instant then = Instant.parse("2020-01-01T00:00:00.123456Z");
    Owner alone = Owner.of("acme", UUID.randomUUID().toString());
    List<Change> changes = new ArrayList<>();
    for (String id : List.of("a", "b")) {
      Change create =
          create(id).withStamp(new ChangeStamp(UUID.randomUUID(), owner, 0, then, NODE));
      engine.apply(create, ApplyMode.REPLAY);
      engine.apply(withOwner(create, alone), ApplyMode.REPLAY);
    }
    for (int i = 0; i < 6; i++) {
      Message message =
          Message.assistant("text " + i)
              .withModel("m")
              .withUsage(new TokenUsage(i, 2, i + 2))
              .withMetadata(Map.of("k", i));
      NewMessage first = NewMessage.of(UUID.randomUUID(), message);
      NewMessage own = NewMessage.of(UUID.randomUUID(), Message.user("own time"));
      changes.add(
          new Change.MessagesAppended(
              new ChangeStamp(UUID.randomUUID(), owner, 0, then.plusSeconds(9 - i), NODE),
              new ConversationRef(i % 2 == 0 ? "a" : "b", i == 0 ? ConversationRef.LIVE : 1),
              List.of(first, new NewMessage(own.id(), own.message(), own.digest(), then)),
              AppendCondition.always(),
              false));
    }
    List<Applied> applied = engine.applyAll(changes);
    for (Change change : changes) {
      engine.apply(withOwner(change, alone), ApplyMode.REPLAY);
    }
    for (int i = 0; i < changes.size(); i++) {
      Applied one = applied.get(i);
      Change.MessagesAppended append = (Change.MessagesAppended) changes.get(i);
      String id = append.ref().id();
      assertThat(one.states(ConversationState.class))
          .containsExactly(engine.find(owner, id).conversation());
      assertThat(one.states(MessageState.class))
          .containsExactlyElementsOf(
              append.messages().stream()
                  .map(m -> engine.message(owner, id, m.id()).orElseThrow())
                  .toList());
      for (NewMessage message : append.messages()) {
        MessageState batched = engine.message(owner, id, message.id()).orElseThrow();
        MessageState single = engine.message(alone, id, message.id()).orElseThrow();
        assertThat(batched.seq()).isEqualTo(single.seq());
        assertThat(batched.requireLive().createdAt()).isEqualTo(single.requireLive().createdAt());
      }
    }
    for (String id : List.of("a", "b")) {
      ConversationState batched = engine.find(owner, id).live();
      ConversationState single = engine.find(alone, id).live();
      assertThat(batched.version()).isEqualTo(single.version());
      assertThat(batched.lastSeq()).isEqualTo(6);
      assertThat(batched.requireLive().usage()).isEqualTo(single.requireLive().usage());
      assertThat(batched.requireLive().messageCount()).isEqualTo(6);
      assertThat(batched.requireLive().lastMessageAt())
          .isEqualTo(single.requireLive().lastMessageAt());
      assertThat(batched.requireLive().updatedAt()).isEqualTo(single.requireLive().updatedAt());
    }
  }

  private static Change withOwner(Change change, Owner owner) {
    ChangeStamp stamp = change.stamp();
    return change.withStamp(
        new ChangeStamp(UUID.randomUUID(), owner, stamp.epoch(), stamp.time(), stamp.node()));
  }

  @Test
  void oneRejectedChangeRollsBackTheBatch() {
    UUID id = UUID.randomUUID();
    engine.apply(create("a"), ApplyMode.REPLAY);
    engine.apply(append("a", id, "there"), ApplyMode.REPLAY);
    List<Change> conflict =
        List.of(create("x"), append("a", UUID.randomUUID(), "new"), append("a", id, "other"));
    assertThatThrownBy(() -> engine.applyAll(conflict)).isInstanceOf(BatchRefusedException.class);
    Change unknown =
        new Change.MessageEdited(
            stamp(owner), new ConversationRef("a", 1), UUID.randomUUID(), MessageEdit.text("x"));
    assertThatThrownBy(() -> engine.applyAll(List.of(create("x"), unknown)))
        .isInstanceOf(BatchRefusedException.class);
    assertThat(texts("a")).containsExactly("there");
    assertThat(engine.find(owner, "x").conversation()).isNull();
  }

  @Test
  void whatARuleForbidsIsLeftOutAlone() {
    engine.apply(create("a"), ApplyMode.REPLAY);
    engine.apply(create("b"), ApplyMode.REPLAY);
    engine.apply(
        new Change.ConversationDeleted(stamp(owner), new ConversationRef("a", 1)),
        ApplyMode.REPLAY);
    List<Applied> applied =
        engine.applyAll(
            List.of(
                append("a", UUID.randomUUID(), "late"), append("b", UUID.randomUUID(), "fine")));
    assertThat(applied.get(0).dropped()).hasSize(1);
    assertThat(applied.get(1).changed()).isTrue();
    assertThat(texts("b")).containsExactly("fine");
  }
}
