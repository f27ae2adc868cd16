package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The model of the shared store meets the contract, and its feed misses no row. */
class ReferencePrimaryTest {

  @Nested
  class Contract extends StoreContract {
    @Override
    protected StoreFixture newFixture() {
      return new EngineFixture(ReferencePrimary::new);
    }
  }

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final ManualClock clock =
      ManualClock.ticking(Instant.parse("2026-03-01T12:00:00Z"), Duration.ofMillis(1));
  private final ReferencePrimary primary = new ReferencePrimary(clock);
  private final ConversationStore store = ReferenceStore.over(primary, StoreLimits.DEFAULT, clock);
  private final Map<Object, State> mirror = new HashMap<>();
  private FeedPosition position = FeedPosition.START;

  /** Reads the feed to its end in pages of two; returns the number of states. */
  private int follow() {
    int told = 0;
    FeedPage page;
    do {
      page = primary.feed(position, 2);
      position = page.next();
      for (State state : page.states()) {
        told++;
        if (state instanceof ConversationState conversation) {
          mirror.put(conversation.id(), state);
        } else if (state instanceof MessageState message) {
          assertThat(mirror).containsKey(message.conversationId());
          mirror.put(message.messageId(), state);
        } else {
          mirror.put(state.getClass(), state);
        }
      }
    } while (page.more());
    return told;
  }

  private void assertMirrored() {
    primary
        .messages(ALICE, "chat", Direction.FORWARD, null, 100)
        .slice()
        .items()
        .forEach(message -> assertThat(mirror).containsEntry(message.messageId(), message));
    assertThat(mirror).containsEntry("chat", primary.find(ALICE, "chat").conversation());
  }

  private static Change append(UUID messageId) {
    return new Change.MessagesAppended(
        new ChangeStamp(
            UUID.randomUUID(), ALICE, ChangeStamp.PRESENT_EPOCH, Instant.EPOCH, messageId),
        ConversationRef.live("chat"),
        List.of(NewMessage.of(messageId, Message.user("another"))),
        AppendCondition.always(),
        false);
  }

  @Test
  void theFeedTellsEachChangeAndNothingTwice() {
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    UUID first = store.append(ALICE, "chat", Message.user("1"), Message.user("2")).get(0).id();
    follow();
    assertMirrored();
    assertThat(follow()).isZero();
    store.edit(ALICE, "chat", first, MessageEdit.text("edited"));
    store.append(ALICE, "chat", Message.user("3"));
    follow();
    assertMirrored();
    store.deleteMessage(ALICE, "chat", first);
    follow();
    assertThat(((MessageState) mirror.get(first)).isLive()).isFalse();
    store.erase(ALICE);
    follow();
    assertThat(mirror).containsEntry(OwnerState.class, new OwnerState(ALICE, 1));
  }

  @Test
  void anOpenTransactionHoldsTheFeedBack() {
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    follow();
    primary.holdFeed();
    Instant held = clock.instant();
    store.append(ALICE, "chat", Message.user("1"));
    assertThat(follow()).isZero();
    assertThat(primary.feed(position, 10).asOf()).isBefore(held);
    primary.releaseFeed();
    follow();
    assertMirrored();
    assertThat(primary.feed(position, 10).asOf()).isAfter(held);
  }

  @Test
  void aBatchIsAppliedWholeOrNotAtAll() {
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    UUID id = store.append(ALICE, "chat", Message.user("1")).get(0).id();
    follow();
    Change good = append(UUID.randomUUID());
    Change conflict = append(id);
    assertThatThrownBy(() -> primary.applyAll(List.of(good, conflict)))
        .isInstanceOf(BatchRefusedException.class)
        .hasCauseInstanceOf(MessageConflictException.class);
    assertThat(follow()).isZero();
    assertThat(primary.applyAll(List.of(good))).extracting(Applied::changed).containsExactly(true);
    assertThat(primary.applyAll(List.of(good))).extracting(Applied::changed).containsExactly(false);
    follow();
    assertMirrored();
  }

  @Test
  void aNodesCounterGoesUp() {
    UUID node = UUID.randomUUID();
    assertThat(primary.handshake(node).counterBefore()).isZero();
    assertThat(primary.handshake(node).counterBefore()).isEqualTo(1);
    assertThat(primary.handshake(UUID.randomUUID()).counterBefore()).isZero();
  }

  @Test
  void aHistoryIsBegunByOneAndEndsThePositionsOfTheLast() {
    UUID node = UUID.randomUUID();
    UUID first = primary.handshake(node).history();
    store.create(ALICE, NewConversation.ofId("chat"));
    follow();
    UUID second = primary.beginHistory(first, UUID.randomUUID());
    assertThat(second).isNotEqualTo(first);
    assertThat(primary.beginHistory(first, UUID.randomUUID())).isEqualTo(second);
    assertThat(primary.handshake(node).history()).isEqualTo(second);
    assertThatThrownBy(this::follow).isInstanceOf(CursorExpiredException.class);
    position = FeedPosition.START;
    assertThat(follow()).isPositive();
  }

  @Test
  void erasuresAreRememberedWithTheirTimes() {
    Instant before = primary.handshake(UUID.randomUUID()).databaseTime();
    UUID erasure = store.erase(ALICE).erasureId();
    Instant after = primary.handshake(UUID.randomUUID()).databaseTime();
    assertThat(primary.erasuresSince(before))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.owner()).isEqualTo(ALICE);
              assertThat(found.changeId()).isEqualTo(erasure);
              assertThat(found.at()).isBetween(before, after);
            });
    assertThat(primary.erasuresSince(after)).isEmpty();
  }
}
