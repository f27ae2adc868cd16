package io.conversationstore.hybrid.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.Transitions;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RowOrderTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private final ConversationState first = made(1, NOON);

  private static ConversationState made(long generation, Instant at) {
    return Transitions.created(
        ALICE, NewConversation.ofId("chat"), "chat", 0, generation, at, UUID.randomUUID());
  }

  @Test
  void whatIsReadIsNotEarlierThanWhatWasKnown() {
    ConversationState second = first.next(first.live(), 1);
    ConversationState deleted = second.next(null, 1);
    assertThat(RowOrder.isBehind(first, first)).isFalse();
    assertThat(RowOrder.isBehind(second, first)).isFalse();
    assertThat(RowOrder.isBehind(first, second)).isTrue();
    assertThat(RowOrder.isBehind(deleted, second)).isFalse();
    assertThat(RowOrder.isBehind(second, deleted)).isTrue();
    assertThat(RowOrder.isBehind(made(2, NOON), deleted)).isFalse();
    assertThat(RowOrder.isBehind(deleted, made(2, NOON))).isTrue();
  }

  @Test
  void statesOfOneHistoryMayComeInAnyOrder() {
    ConversationState second = first.next(first.live(), 1);
    ConversationState deleted = second.next(null, 1);
    for (ConversationState later : new ConversationState[] {second, deleted, made(2, NOON)}) {
      assertThat(RowOrder.contradict(first, later)).isFalse();
      assertThat(RowOrder.contradict(later, first)).isFalse();
    }
  }

  @Test
  void aGenerationHasOneCreationOneRowForEachVersionAndDoesNotLiveAgain() {
    ConversationState second = first.next(first.live(), 1);
    ConversationState third = second.next(second.live(), 1);
    assertContradict(first, made(1, NOON.plusSeconds(1)));
    assertContradict(second, first.next(first.live(), 2));
    assertContradict(third.next(third.live(), 0), second);
    assertContradict(second.next(null, 1), third.next(third.live(), 1));
  }

  private static void assertContradict(ConversationState one, ConversationState other) {
    assertThat(RowOrder.contradict(one, other)).isTrue();
    assertThat(RowOrder.contradict(other, one)).isTrue();
  }

  @Test
  void preferencesOfAHigherVersionAreNotOfAnEarlierTime() {
    PreferencesState earlier = preferences(1, NOON, null);
    PreferencesState later = preferences(2, NOON, NOON.plusSeconds(1));
    assertThat(RowOrder.contradict(earlier, later)).isFalse();
    assertThat(RowOrder.isBehind(earlier, later)).isTrue();
    assertThat(RowOrder.contradict(earlier, preferences(2, null, NOON))).isTrue();
    assertThat(RowOrder.contradict(earlier, preferences(1, null, NOON))).isTrue();
  }

  private static PreferencesState preferences(
      long version, @Nullable Instant active, @Nullable Instant model) {
    return new PreferencesState(ALICE, 0, version, "chat", 1, active, "model", model);
  }
}
