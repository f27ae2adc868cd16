package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Data present before a close is present after the next open. */
abstract class ReopenContract extends ContractBase {

  @Test
  @DisplayName("5.2: a reopened store has the same contents")
  void row_5_2_reopenKeepsEverything() {
    Generators generators = Generators.seeded(77);
    List<Conversation> conversations = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      String id = store().create(alice, generators.conversation("c" + i)).id();
      for (int j = 0; j < 8; j++) {
        store().append(alice, id, generators.message());
      }
      store().update(alice, id, generators.update());
      conversations.add(store().find(alice, id).orElseThrow());
    }
    List<StoredMessage> history = Walks.history(store(), alice, Direction.FORWARD, 10);
    for (int i = 0; i < 2; i++) {
      reopen();
      for (Conversation conversation : conversations) {
        assertThat(store().find(alice, conversation.id())).contains(conversation);
      }
      assertThat(Walks.history(store(), alice, Direction.FORWARD, 10).equals(history)).isTrue();
    }
  }

  @Test
  @DisplayName("5.3: idempotency, edits and deletes survive a reopen")
  void row_5_3_reopenKeepsIdentity() {
    chat("a");
    Message message = Message.user("once").withId(UUID.randomUUID());
    Message gone = Message.user("gone").withId(UUID.randomUUID());
    UUID goneId = Objects.requireNonNull(gone.id());
    List<StoredMessage> stored = store().append(alice, "a", message, gone);
    store().deleteMessage(alice, "a", goneId);
    reopen();
    assertThat(store().append(alice, "a", message)).containsExactly(stored.get(0));
    assertThat(store().append(alice, "a", gone)).isEmpty();
    assertThatThrownBy(() -> store().append(alice, "a", message.withName("other")))
        .isInstanceOf(MessageConflictException.class);
    assertThat(say("a", "next").get(0).seq()).isEqualTo(3);
  }

  @Test
  @DisplayName("1.1: generations, cursors and preferences survive a reopen")
  void row_1_1_reopenKeepsGenerationsAndCursors() {
    chat("a");
    say("a", "old");
    Cursor old = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    store().delete(alice, "a");
    reopen();
    assertThat(store().find(alice, "a")).isEmpty();
    assertThat(store().create(alice, NewConversation.ofId("a")).generation()).isEqualTo(2);
    say("a", "one", "two");
    store().updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("a"));
    Cursor cursor = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    reopen();
    assertThat(
            store()
                .messages(alice, "a", MessageQuery.of(Direction.FORWARD, 5).withCursor(cursor))
                .items())
        .extracting(StoredMessage::text)
        .containsExactly("two");
    assertThatThrownBy(
            () ->
                store().messages(alice, "a", MessageQuery.of(Direction.FORWARD, 5).withCursor(old)))
        .isInstanceOf(CursorExpiredException.class);
    assertThat(store().preferences(alice).activeConversation()).isEqualTo("a");
  }

  @Test
  @DisplayName("0.6: a reopen does not bring back erased data")
  void row_0_6_reopenKeepsErasures() {
    chat("a");
    say("a", "secret");
    Cursor cursor = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    store().erase(alice);
    reopen();
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    chat("a");
    assertThatThrownBy(
            () ->
                store()
                    .messages(alice, "a", MessageQuery.of(Direction.FORWARD, 5).withCursor(cursor)))
        .isInstanceOf(CursorExpiredException.class);
  }
}
