package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** An older copy of the model is put back, and everything is as it was then, but its clock. */
class ReferenceBackupTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final UUID NODE = new UUID(1, 1);

  private final ManualClock clock =
      ManualClock.ticking(Instant.parse("2026-03-01T12:00:00Z"), Duration.ofMillis(1));
  private final ReferencePrimary primary = new ReferencePrimary(clock);
  private final ConversationStore store = ReferenceStore.over(primary, StoreLimits.DEFAULT, clock);

  private StoredMessage append(Owner owner, String text) {
    return store.append(owner, "chat", Message.user(text)).get(0);
  }

  private List<String> texts(Owner owner) {
    return store.messages(owner, "chat", MessageQuery.first(100)).items().stream()
        .map(message -> message.message().text())
        .toList();
  }

  private FeedPage feed() {
    return primary.feed(FeedPosition.START, 1_000);
  }

  @Test
  void rowsAreWhatTheyWere() {
    store.create(ALICE, NewConversation.ofId("chat").withTitle("first"));
    StoredMessage kept = append(ALICE, "kept");
    StoredMessage edited = append(ALICE, "edited");
    store.create(BOB, NewConversation.ofId("chat"));
    append(BOB, "of bob");
    store.updatePreferences(ALICE, PreferencesUpdate.none().withSelectedModel("before"));
    FeedPage before = feed();
    ReferencePrimary.Backup backup = primary.backup();

    append(ALICE, "lost");
    store.edit(ALICE, "chat", edited.id(), MessageEdit.text("later"));
    store.deleteMessage(ALICE, "chat", kept.id());
    store.update(ALICE, "chat", ConversationUpdate.touch().withTitle("later"));
    store.updatePreferences(ALICE, PreferencesUpdate.none().withSelectedModel("later"));
    store.erase(BOB);
    store.create(ALICE, NewConversation.ofId("other"));
    primary.restore(backup);

    assertThat(texts(ALICE)).containsExactly("kept", "edited");
    assertThat(texts(BOB)).containsExactly("of bob");
    assertThat(store.find(ALICE, "chat").orElseThrow().title()).isEqualTo("first");
    assertThat(store.find(ALICE, "other")).isEmpty();
    assertThat(store.preferences(ALICE).selectedModel()).isEqualTo("before");
    assertThat(feed().states()).isEqualTo(before.states());
    assertThat(append(ALICE, "anew").seq()).isEqualTo(3);
  }

  @Test
  void whatIsDeletedStaysDeletedAndWhatWasErasedErased() {
    store.create(ALICE, NewConversation.ofId("chat"));
    append(ALICE, "one");
    store.delete(ALICE, "chat");
    store.create(BOB, NewConversation.ofId("chat"));
    store.erase(BOB);
    ReferencePrimary.Backup backup = primary.backup();
    store.create(ALICE, NewConversation.ofId("chat"));
    store.erase(ALICE);
    store.erase(BOB);
    primary.restore(backup);

    assertThat(store.create(ALICE, NewConversation.ofId("chat")).generation()).isEqualTo(2);
    assertThat(primary.preferences(ALICE).epoch()).isZero();
    assertThat(primary.preferences(BOB).epoch()).isEqualTo(1);
    assertThat(primary.erasuresSince(Instant.EPOCH)).hasSize(1);
  }

  /** What changes have left goes with them, so that one that is sent again takes effect again. */
  @Test
  void aChangeIsKnownOnlyIfItWasAppliedBefore() {
    Change before = erasure(ALICE);
    Change after = erasure(BOB);
    primary.apply(before, ApplyMode.REPLAY);
    ReferencePrimary.Backup backup = primary.backup();
    primary.apply(after, ApplyMode.REPLAY);
    primary.restore(backup);

    assertThat(primary.landings(before)).hasSize(1);
    assertThat(primary.landings(after)).isEmpty();
    Applied again = primary.apply(before, ApplyMode.REPLAY);
    assertThat(again.changed()).isFalse();
    assertThat(primary.apply(after, ApplyMode.REPLAY).changed()).isTrue();
  }

  private static Change erasure(Owner owner) {
    return new Change.OwnerErased(
        new ChangeStamp(UUID.randomUUID(), owner, 0, Instant.EPOCH, NODE));
  }

  @Test
  void countersPositionsAndTheHistoryGoBack() {
    store.create(ALICE, NewConversation.ofId("chat"));
    UUID first = primary.handshake(NODE).history();
    ReferencePrimary.Backup backup = primary.backup();
    append(ALICE, "one");
    append(ALICE, "two");
    assertThat(primary.handshake(NODE).counter()).isEqualTo(2);
    UUID second = primary.beginHistory(first, UUID.randomUUID());
    FeedPosition ofTheSecond = feed().next();
    primary.restore(backup);

    assertThat(primary.handshake(NODE).history()).isEqualTo(first);
    assertThat(primary.handshake(NODE).counter()).isEqualTo(3);
    assertThatThrownBy(() -> primary.feed(ofTheSecond, 10))
        .isInstanceOf(CursorExpiredException.class);
    UUID third = UUID.randomUUID();
    assertThat(primary.beginHistory(second, third)).isEqualTo(first);
    assertThat(primary.beginHistory(first, third)).isEqualTo(third);
  }

  @Test
  void aPositionAheadOfTheDatabaseHasExpired() {
    store.create(ALICE, NewConversation.ofId("chat"));
    ReferencePrimary.Backup backup = primary.backup();
    append(ALICE, "one");
    append(ALICE, "two");
    FeedPosition ahead = feed().next();
    primary.restore(backup);
    assertThatThrownBy(() -> primary.feed(ahead, 10)).isInstanceOf(CursorExpiredException.class);
  }

  @Test
  void aTransactionThatHeldTheFeedBackDoesSoAgain() {
    store.create(ALICE, NewConversation.ofId("chat"));
    ReferencePrimary.Backup free = primary.backup();
    primary.holdFeed();
    append(ALICE, "held back");
    ReferencePrimary.Backup held = primary.backup();
    assertThat(held.holdsFeed()).isTrue();
    assertThat(free.holdsFeed()).isFalse();
    int before = feed().states().size();
    primary.releaseFeed();
    assertThat(feed().states()).hasSizeGreaterThan(before);
    primary.restore(held);
    assertThat(feed().states()).hasSize(before);
    primary.restore(free);
    append(ALICE, "later");
    assertThat(feed().states()).hasSizeGreaterThan(before);
  }

  @Test
  void theClockGoesOnAndACopyCanBePutBackAgain() {
    store.create(ALICE, NewConversation.ofId("chat"));
    ReferencePrimary.Backup backup = primary.backup();
    Instant before = append(ALICE, "lost").createdAt();
    for (int i = 0; i < 2; i++) {
      primary.restore(backup);
      assertThat(texts(ALICE)).isEmpty();
      assertThat(append(ALICE, "again").createdAt()).isAfter(before);
    }
    assertThatThrownBy(() -> new ReferencePrimary(clock).restore(backup))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
