package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Applying a change again, and applying one that is late. */
class ReplayTest {

  private static PrimaryStore engine;

  @BeforeAll
  static void open() {
    engine = PostgresStore.openEngine(Databases.create().options());
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  private static Owner someone() {
    return Owner.of("acme", UUID.randomUUID().toString());
  }

  private static ChangeStamp at(Owner owner, Instant time) {
    ChangeStamp stamp = stamp(owner);
    return new ChangeStamp(stamp.id(), owner, stamp.epoch(), time, stamp.node());
  }

  private static Change create(Owner owner, String id) {
    return new Change.ConversationCreated(stamp(owner), NewConversation.ofId(id), false);
  }

  @Test
  void aRepeatedCreateDoesNotBringADeletedConversationBack() {
    Owner owner = someone();
    Change create = create(owner, "c");
    engine.apply(create, ApplyMode.LIVE);
    engine.apply(
        new Change.ConversationDeleted(stamp(owner), ConversationRef.live("c")), ApplyMode.LIVE);
    assertThatThrownBy(() -> engine.apply(create, ApplyMode.LIVE))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThat(engine.apply(create, ApplyMode.REPLAY).dropped()).hasSize(1);
    assertThat(engine.find(owner, "c").live()).isNull();
    ConversationState again =
        engine.apply(create(owner, "c"), ApplyMode.LIVE).state(ConversationState.class);
    assertThat(again.generation()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(ApplyMode.class)
  void theSameChangeAgainChangesNothing(ApplyMode mode) {
    Owner owner = someone();
    ConversationRef ref = ConversationRef.live("c");
    UUID first = UUID.randomUUID();
    UUID second = UUID.randomUUID();
    twice(create(owner, "c"), mode);
    twice(
        new Change.MessagesAppended(
            stamp(owner),
            ref,
            List.of(
                NewMessage.of(first, Message.user("a")), NewMessage.of(second, Message.user("b"))),
            AppendCondition.always(),
            false),
        mode);
    twice(
        new Change.ConversationUpdated(
            at(owner, Instant.parse("2100-01-01T00:00:00Z")),
            ref,
            ConversationUpdate.touch().withTitle("t")),
        ApplyMode.LIVE);
    twice(
        new Change.MessageEdited(
            at(owner, Instant.parse("2100-01-01T00:00:00Z")), ref, first, MessageEdit.text("x")),
        mode);
    twice(new Change.MessageDeleted(stamp(owner), ref, second), mode);
    twice(
        new Change.PreferencesPut(
            stamp(owner), PreferencesUpdate.none().withActiveConversation("c"), 0),
        mode);
    twice(new Change.ConversationDeleted(stamp(owner), ref), mode);
    twice(new Change.OwnerErased(stamp(owner)), mode);
  }

  private static void twice(Change change, ApplyMode mode) {
    Applied once = engine.apply(change, mode);
    assertThat(once.changed()).as("%s", change.getClass().getSimpleName()).isTrue();
    Applied again = engine.apply(change, mode);
    assertThat(again.changed()).as("%s", change.getClass().getSimpleName()).isFalse();
    assertThat(again.states()).isEqualTo(once.states());
    assertThat(again.receipt()).isEqualTo(once.receipt());
  }

  @Test
  void whatIsLateIsDropped() {
    Owner owner = someone();
    Change create = create(owner, "c");
    engine.apply(create, ApplyMode.LIVE);
    engine.apply(
        new Change.ConversationDeleted(stamp(owner), ConversationRef.live("c")), ApplyMode.LIVE);
    Change update =
        new Change.ConversationUpdated(
            stamp(owner), new ConversationRef("c", 1), ConversationUpdate.touch());
    assertThat(engine.apply(create, ApplyMode.REPLAY).dropped()).hasSize(1);
    assertThat(engine.apply(update, ApplyMode.REPLAY).dropped()).hasSize(1);
    assertThatThrownBy(() -> engine.apply(update, ApplyMode.LIVE))
        .isInstanceOf(StaleChangeException.class);
    engine.apply(new Change.OwnerErased(stamp(owner)), ApplyMode.LIVE);
    Change old = create(owner, "d").withStamp(stamp(owner).withEpoch(0));
    assertThat(engine.apply(old, ApplyMode.REPLAY).dropped()).hasSize(1);
    assertThatThrownBy(() -> engine.apply(old, ApplyMode.LIVE))
        .isInstanceOf(StaleChangeException.class);
  }

  @Test
  void aStalePartOfABulkIsSkipped() {
    Owner owner = someone();
    engine.apply(create(owner, "gone"), ApplyMode.LIVE);
    engine.apply(
        new Change.ConversationDeleted(stamp(owner), ConversationRef.live("gone")), ApplyMode.LIVE);
    Change bulk =
        new Change.Bulk(
            stamp(owner),
            List.of(
                new Change.ConversationUpdated(
                    stamp(owner), new ConversationRef("gone", 1), ConversationUpdate.touch()),
                create(owner, "kept")));
    Applied applied = engine.apply(bulk, ApplyMode.REPLAY);
    assertThat(applied.dropped()).hasSize(1);
    assertThat(applied.state(ConversationState.class).id()).isEqualTo("kept");
  }

  @Test
  void fieldsAndEditsOfLongAgoLose() {
    Owner owner = someone();
    engine.apply(create(owner, "c"), ApplyMode.LIVE);
    UUID id = UUID.randomUUID();
    ConversationRef ref = ConversationRef.live("c");
    engine.apply(
        new Change.MessagesAppended(
            stamp(owner),
            ref,
            List.of(NewMessage.of(id, Message.user("a"))),
            AppendCondition.always(),
            false),
        ApplyMode.LIVE);
    Instant longAgo = Instant.parse("2020-01-01T00:00:00Z");
    Applied update =
        engine.apply(
            new Change.ConversationUpdated(
                at(owner, longAgo), ref, ConversationUpdate.touch().withTitle("old")),
            ApplyMode.REPLAY);
    assertThat(update.changed()).isFalse();
    assertThat(update.state(ConversationState.class).requireLive().title()).isEmpty();
    engine.apply(
        new Change.MessageEdited(stamp(owner), ref, id, MessageEdit.text("new")), ApplyMode.LIVE);
    Applied edit =
        engine.apply(
            new Change.MessageEdited(at(owner, longAgo), ref, id, MessageEdit.text("old")),
            ApplyMode.REPLAY);
    assertThat(edit.state(MessageState.class).requireLive().text()).isEqualTo("new");
  }

  @Test
  void anEditNeverLosesToTheCreationTimeThatOrderMovedOn() {
    Owner owner = someone();
    engine.apply(create(owner, "c"), ApplyMode.LIVE);
    UUID id = UUID.randomUUID();
    ConversationRef ref = ConversationRef.live("c");
    Instant offline = Instant.parse("2020-01-01T00:00:00Z");
    engine.apply(
        new Change.MessagesAppended(
            at(owner, offline),
            ref,
            List.of(NewMessage.of(id, Message.user("a"))),
            AppendCondition.always(),
            false),
        ApplyMode.REPLAY);
    for (int i = 1; i <= 2; i++) {
      Applied edit =
          engine.apply(
              new Change.MessageEdited(
                  at(owner, offline.plusSeconds(i)), ref, id, MessageEdit.text("edit " + i)),
              ApplyMode.REPLAY);
      assertThat(edit.state(MessageState.class).requireLive().text()).isEqualTo("edit " + i);
    }
  }
}
