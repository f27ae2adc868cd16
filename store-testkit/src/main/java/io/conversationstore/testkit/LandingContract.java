package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The database's records of applied changes. Changes queued behind an applied one follow it even if
 * its answer was lost.
 */
public abstract class LandingContract {

  private static final String ID = "chat";

  private final Owner owner = Owner.of("acme", UUID.randomUUID().toString());

  /** The store under test; each test has its own owner. */
  protected abstract PrimaryStore primary();

  private ChangeStamp stamp() {
    return new ChangeStamp(
        UUID.randomUUID(),
        owner,
        ChangeStamp.PRESENT_EPOCH,
        Instant.parse("2026-01-01T00:00:00Z"),
        UUID.randomUUID());
  }

  private Change create() {
    return new Change.ConversationCreated(stamp(), NewConversation.ofId(ID), false);
  }

  private Change rename(String title) {
    return new Change.ConversationUpdated(
        stamp(), ConversationRef.live(ID), ConversationUpdate.touch().withTitle(title));
  }

  private Change append(UUID message) {
    return new Change.MessagesAppended(
        stamp(),
        ConversationRef.live(ID),
        List.of(NewMessage.of(message, Message.user("text"))),
        AppendCondition.always(),
        true);
  }

  private Applied replay(Change change) {
    return primary().apply(change, ApplyMode.REPLAY);
  }

  private void delete() {
    primary()
        .apply(new Change.ConversationDeleted(stamp(), ConversationRef.live(ID)), ApplyMode.LIVE);
  }

  private @Nullable ConversationState found() {
    return primary().find(owner, ID).live();
  }

  private ConversationState live() {
    return Objects.requireNonNull(found(), "it lives");
  }

  @Test
  void row_1_4_aCreateLandsWhereItMadeAConversationAndNowhereElse() {
    Change create = create();
    assertThat(primary().landings(create)).isEmpty();
    primary().apply(create, ApplyMode.LIVE);
    assertThat(primary().landings(create))
        .singleElement()
        .extracting(Landing::conversationId, Landing::generation)
        .containsExactly(ID, 1L);
    delete();
    replay(create());
    assertThat(replay(create).dropped()).hasSize(1);
    assertThat(primary().landings(create).get(0).generation()).isEqualTo(1);
    assertThat(live().generation()).isEqualTo(2);
  }

  @Test
  void row_1_4_aReplayedCreateLandsWhereItJoinedAConversation() {
    replay(create());
    Change joins = create();
    assertThat(replay(joins).changed()).isFalse();
    assertThat(primary().landings(joins).get(0).generation()).isEqualTo(1);
    delete();
    assertThat(replay(joins).dropped()).hasSize(1);
    assertThat(found()).isNull();
    replay(create());
    assertThat(replay(joins).dropped()).hasSize(1);
    assertThat(primary().landings(joins).get(0).generation()).isEqualTo(1);
  }

  @Test
  void row_1_4_aBatchOfCreatesLandsLikeSingleOnes() {
    Change first = create();
    Change second = new Change.ConversationCreated(stamp(), NewConversation.ofId("other"), false);
    primary().applyAll(List.of(first, second));
    Change joins = create();
    primary().applyAll(List.of(joins, create()));
    delete();
    replay(create());
    List<Applied> again = primary().applyAll(List.of(first, joins, second));
    assertThat(again.get(0).dropped()).hasSize(1);
    assertThat(again.get(1).dropped()).hasSize(1);
    assertThat(again.get(2).dropped()).isEmpty();
    assertThat(live().generation()).isEqualTo(2);
  }

  private Change takeover(int part, UUID message) {
    ChangeStamp first = stamp(DerivedIds.ofTakeover(owner, ID, 0));
    return new Change.Bulk(
        stamp(DerivedIds.ofTakeover(owner, ID, part)),
        List.of(
            new Change.ConversationCreated(first, NewConversation.ofId(ID), false),
            append(message)));
  }

  private ChangeStamp stamp(UUID id) {
    ChangeStamp stamp = stamp();
    return new ChangeStamp(id, owner, stamp.epoch(), stamp.time(), stamp.node());
  }

  @Test
  void row_1_5_aPartOfAFileIsAppliedOnceForGood() {
    UUID message = UUID.randomUUID();
    Change takeover = takeover(0, message);
    assertThat(replay(takeover).changed()).isTrue();
    assertThat(live().requireLive().createdAt()).isEqualTo(takeover.stamp().time());
    primary()
        .apply(
            new Change.MessageDeleted(stamp(), ConversationRef.live(ID), message), ApplyMode.LIVE);
    ConversationState before = live();
    assertRemembered(takeover);
    assertThat(live()).isEqualTo(before);
    delete();
    assertRemembered(takeover);
    assertThat(found()).isNull();
    replay(create());
    assertRemembered(takeover);
    assertThat(live().generation()).isEqualTo(2);
    assertThat(live().requireLive().messageCount()).isZero();
    primary().apply(new Change.OwnerErased(stamp()), ApplyMode.LIVE);
    assertRemembered(takeover);
    assertThat(found()).isNull();
  }

  private void assertRemembered(Change takeover) {
    Applied again = replay(takeover);
    assertThat(again.changed()).isFalse();
    assertThat(again.dropped())
        .containsExactly(new Applied.Dropped(takeover.id(), ID, Applied.TAKEN_OVER_BEFORE));
  }

  @Test
  void row_1_5_aLaterPartOfAFileFollowsTheFirst() {
    UUID second = UUID.randomUUID();
    assertThat(replay(takeover(1, second)).dropped()).hasSize(1);
    assertThat(found()).isNull();
    replay(takeover(0, UUID.randomUUID()));
    assertThat(replay(takeover(2, second)).changed()).isTrue();
    assertThat(live().requireLive().messageCount()).isEqualTo(2);
    delete();
    replay(create());
    replay(takeover(3, UUID.randomUUID()));
    assertThat(live().requireLive().messageCount()).isZero();
  }

  @Test
  void row_5_7_aPartOfAFileThatWasMadeBeforeAnErasureIsDropped() {
    replay(create());
    primary().apply(new Change.OwnerErased(stamp()), ApplyMode.LIVE);
    Change takeover = takeover(0, UUID.randomUUID());
    Applied applied = replay(takeover.withStamp(takeover.stamp().withEpoch(0)));
    assertThat(applied.dropped())
        .isNotEmpty()
        .allMatch(dropped -> dropped.reason().equals(Applied.OWNER_ERASED));
    assertThat(found()).isNull();
  }

  @Test
  void row_1_4_aJoinThatIsRecordedKeepsALaterAttemptOutOfTheNextGeneration() {
    Change create = create();
    Change append = appendOrCreate(UUID.randomUUID());
    assertThat(record(create, 1)).isFalse();
    replay(create());
    ConversationState before = live();
    assertThat(record(create, 2)).isFalse();
    assertThat(record(create, 1)).isTrue();
    assertThat(record(create, 1)).isTrue();
    assertThat(record(((Change.Bulk) append).create(), 1)).isTrue();
    assertThat(live()).isEqualTo(before);
    assertThat(primary().landings(create))
        .singleElement()
        .extracting(Landing::conversationId, Landing::generation)
        .containsExactly(ID, 1L);
    delete();
    assertThat(record(create, 1)).isFalse();
    assertThat(replay(create).dropped()).hasSize(1);
    assertLateIsRefused(append);
    assertThat(replay(append).changed()).isFalse();
    assertThat(found()).isNull();
  }

  private boolean record(Change create, long generation) {
    return primary().recordJoin((Change.ConversationCreated) create, generation);
  }

  @Test
  void row_1_4_aRecordedJoinDoesNotReplaceThePlaceWhereACreateLanded() {
    Change create = create();
    replay(create);
    delete();
    replay(create());
    assertThat(record(create, 2)).isTrue();
    assertThat(primary().landings(create).get(0).generation()).isEqualTo(1);
    assertThat(replay(create).dropped()).hasSize(1);
  }

  @Test
  void row_1_4_aDeleteTakesEffectAgainOnlyInALaterGenerationThatItNames() {
    replay(create());
    Change delete = new Change.ConversationDeleted(stamp(), ConversationRef.live(ID));
    assertThat(replay(delete).changed()).isTrue();
    replay(create());
    assertThat(replay(delete).changed()).isFalse();
    assertThat(live().generation()).isEqualTo(2);
    Change behindCreate =
        new Change.ConversationDeleted(delete.stamp(), new ConversationRef(ID, 2));
    assertThat(replay(behindCreate).changed()).isTrue();
    assertThat(found()).isNull();
  }

  @Test
  void row_5_4_anEditOfAMessageOfAnEarlierGenerationIsDropped() {
    UUID message = UUID.randomUUID();
    replay(create());
    replay(append(message));
    delete();
    replay(create());
    Change edit =
        new Change.MessageEdited(
            stamp(), new ConversationRef(ID, 2), message, MessageEdit.text("edited"));
    Applied applied = replay(edit);
    assertThat(applied.changed()).isFalse();
    assertThat(applied.dropped())
        .singleElement()
        .extracting(Applied.Dropped::reason)
        .asString()
        .contains("deleted");
    Change unknown =
        new Change.MessageEdited(
            stamp(), new ConversationRef(ID, 2), UUID.randomUUID(), MessageEdit.text("edited"));
    assertThatThrownBy(() -> replay(unknown)).isInstanceOf(MessageNotFoundException.class);
    assertThatThrownBy(() -> primary().apply(edit, ApplyMode.LIVE))
        .isInstanceOf(MessageNotFoundException.class);
  }

  @Test
  void row_0_6_anErasureOfALaterEpochBeginsTheOneAfterIt() {
    replay(create());
    Change erasure = new Change.OwnerErased(stamp().withEpoch(4));
    assertThat(replay(erasure).states().get(0).epoch()).isEqualTo(5);
    assertThat(found()).isNull();
    assertThat(primary().landings(erasure).get(0).generation()).isEqualTo(5);
    assertThat(replay(new Change.OwnerErased(stamp())).states().get(0).epoch()).isEqualTo(6);
  }

  @Test
  void row_3_5_aSaveThatIsRepeatedStaysInTheGenerationThatItSaved() {
    replay(create());
    UUID message = UUID.randomUUID();
    Change save = new Change.Bulk(stamp(), List.of(create(), rename("saved"), append(message)));
    replay(save);
    assertThat(primary().landings(save))
        .singleElement()
        .extracting(Landing::conversationId, Landing::generation)
        .containsExactly(ID, 1L);
    delete();
    Applied again = replay(save);
    assertThat(again.changed()).isFalse();
    assertThat(again.dropped()).isNotEmpty();
    assertThat(found()).isNull();
    replay(create());
    replay(save);
    assertThat(live().generation()).isEqualTo(2);
    assertThat(live().requireLive().title()).isEmpty();
    assertThat(primary().message(owner, ID, message)).isEmpty();
  }

  @Test
  void row_3_5_aSaveWhoseFirstAttemptWasLiveIsNotSavedAnewEither() {
    replay(create());
    Change save = new Change.Bulk(stamp(), List.of(create(), rename("saved")));
    primary().apply(save, ApplyMode.LIVE);
    delete();
    assertThat(replay(save).changed()).isFalse();
    assertThat(found()).isNull();
  }

  /** An append that creates, as a node sends it, which names the epoch. */
  private Change appendOrCreate(UUID message) {
    Change append =
        Change.Bulk.ofAppend(
            stamp(),
            (Change.ConversationCreated) create(),
            new Change.MessagesAppended(
                stamp(),
                ConversationRef.live(ID),
                List.of(NewMessage.of(message, Message.user("text"))),
                AppendCondition.always(),
                false));
    return append.withStamp(append.stamp().withEpoch(0));
  }

  @Test
  void row_1_4_anAppendThatCreatedIsNotAppliedToALaterGeneration() {
    assertStays(appendOrCreate(UUID.randomUUID()), true);
  }

  @Test
  void row_1_4_anAppendThatJoinedAConversationIsNotAppliedToALaterGeneration() {
    replay(create());
    assertStays(appendOrCreate(UUID.randomUUID()), true);
  }

  @Test
  void row_1_4_anAppendThatJoinedWithoutAnythingNewIsNotAppliedToALaterGeneration() {
    UUID message = UUID.randomUUID();
    replay(create());
    replay(append(message));
    assertStays(appendOrCreate(message), false);
  }

  /**
   * An attempt whose answer is lost takes effect; then the conversation is deleted and made anew.
   */
  private void assertStays(Change append, boolean changes) {
    Applied first = primary().apply(append, ApplyMode.LIVE);
    assertThat(first.changed()).isEqualTo(changes);
    assertThat(first.states(ConversationState.class)).hasSize(1);
    assertThat(live().requireLive().messageCount()).isEqualTo(1);
    assertThat(live().version()).isEqualTo(first.state(ConversationState.class).version());
    assertThat(replay(append).changed()).isFalse();
    delete();
    Applied again = replay(append);
    assertThat(again.changed()).isFalse();
    assertThat(again.dropped()).isNotEmpty();
    assertThat(found()).isNull();
    assertLateIsRefused(append);
    assertThat(found()).isNull();
    replay(create());
    assertThat(replay(append).changed()).isFalse();
    assertLateIsRefused(append);
    assertThat(live().generation()).isEqualTo(2);
    assertThat(live().requireLive().messageCount()).isZero();
  }

  private void assertLateIsRefused(Change append) {
    assertThatThrownBy(() -> primary().apply(append, ApplyMode.LIVE))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  void row_5_4_aWriteOfFieldsLandsWhenItsFirstAttemptTookEffect() {
    UUID message = UUID.randomUUID();
    replay(create());
    replay(append(message));
    Change rename = rename("new");
    Change edit =
        new Change.MessageEdited(
            stamp(), ConversationRef.live(ID), message, MessageEdit.text("edited"));
    Change put =
        new Change.PreferencesPut(stamp(), PreferencesUpdate.none().withSelectedModel("m"), 0);
    for (Change change : List.of(rename, edit, put)) {
      assertThat(primary().landings(change)).isEmpty();
      primary().apply(change, ApplyMode.LIVE);
      // A live change takes the present time, not the time it was made.
      Landing landing = primary().landings(change).get(0);
      assertThat(landing.at()).isAfter(change.stamp().time());
      assertThat(replay(change).changed()).isFalse();
      assertThat(primary().landings(change)).containsExactly(landing);
    }
    assertThat(primary().landings(rename).get(0).at())
        .isEqualTo(live().requireLive().fieldTimes().get("title"));
  }

  @Test
  void row_0_6_anErasureForgetsWhereChangesLanded() {
    Change create = create();
    replay(create);
    primary().apply(new Change.OwnerErased(stamp()), ApplyMode.LIVE);
    assertThat(primary().landings(create)).isEmpty();
  }

  @Test
  void row_0_6_anErasureKnowsTheEpochThatItBegan() {
    Change erasure = new Change.OwnerErased(stamp());
    assertThat(primary().landings(erasure)).isEmpty();
    replay(create());
    long begun = replay(erasure).states().get(0).epoch();
    assertThat(replay(new Change.OwnerErased(stamp())).changed()).isTrue();
    assertThat(replay(erasure).changed()).isFalse();
    assertThat(primary().landings(erasure))
        .singleElement()
        .satisfies(
            landing -> {
              assertThat(landing.conversationId()).isNull();
              assertThat(landing.generation()).isEqualTo(begun);
            });
  }

  @Test
  void row_0_6_anErasureThatWasAskedForAfterTheLastOneTakesWhatWasWrittenInBetween() {
    Instant now = Instant.now();
    primary().apply(new Change.OwnerErased(stamp()), ApplyMode.LIVE);
    replay(create());
    Change older = new Change.OwnerErased(stamp().withEpoch(0).withTime(now.minusSeconds(60)));
    assertThat(replay(older).dropped()).hasSize(1);
    assertThat(found()).isNotNull();
    Change later = new Change.OwnerErased(stamp().withEpoch(0).withTime(now.plusSeconds(60)));
    assertThat(replay(later).changed()).isTrue();
    assertThat(found()).isNull();
    assertThat(replay(later).changed()).isFalse();
  }

  @Test
  void row_1_4_theLastSixteenChangesOfAConversationAreRemembered() {
    replay(create());
    Change joins = create();
    replay(joins);
    for (int i = 0; i < 15; i++) {
      replay(rename("title " + i));
    }
    assertThat(primary().landings(joins)).hasSize(1);
  }
}
