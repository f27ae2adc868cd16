package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Reading messages: pages, cursors, history. */
abstract class ReadContract extends ContractBase {

  @BeforeEach
  void createChat() {
    chat("a");
  }

  @Test
  @DisplayName("2.2: the last N, oldest first")
  void row_2_2_lastOldestFirst() {
    assertThat(store().last(alice, "a", 20)).isEmpty();
    say("a", numbered("m", 25));
    assertThat(store().last(alice, "a", 20))
        .extracting(StoredMessage::text)
        .containsExactly(Arrays.copyOfRange(numbered("m", 25), 5, 25));
    assertThat(store().last(alice, "a", 1_000)).hasSize(25);
    assertThat(store().last(alice, "a", 1)).extracting(StoredMessage::text).containsExactly("m24");
  }

  @Test
  @DisplayName("2.3: reading a conversation that does not exist is a clear error")
  void row_2_3_readOfAnAbsentConversationFails() {
    assertThatThrownBy(() -> store().last(alice, "none", 1))
        .isInstanceOf(ConversationNotFoundException.class);
    store().delete(alice, "a");
    assertThatThrownBy(() -> store().messages(alice, "a", MessageQuery.first(1)))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  @DisplayName("0.2: pages of any size, forward and backward, lose and double nothing")
  void row_0_2_pagesBothWays() {
    List<StoredMessage> all = new ArrayList<>(say("a", numbered("m", 23)));
    store().deleteMessage(alice, "a", all.remove(22).id());
    store().deleteMessage(alice, "a", all.remove(7).id());
    store().deleteMessage(alice, "a", all.remove(0).id());
    for (int limit : new int[] {1, 2, 3, 4, 5, 10, 19, 20, 21, 1_000}) {
      for (Direction direction : Direction.values()) {
        assertThat(Walks.messages(store(), alice, "a", direction, limit))
            .as("%s by %s", direction, limit)
            .isEqualTo(all);
      }
    }
  }

  @Test
  @DisplayName("2.2: pages start at a message or next to it, forward and backward")
  void row_2_2_pagesFromAMessage() {
    List<StoredMessage> all = new ArrayList<>(say("a", numbered("m", 9)));
    store().deleteMessage(alice, "a", all.remove(6).id());
    for (int at = 0; at < all.size(); at++) {
      UUID id = all.get(at).id();
      for (int limit : new int[] {1, 2, 3, 8, 9}) {
        MessageQuery forward = MessageQuery.first(limit);
        MessageQuery backward = MessageQuery.last(limit);
        assertThat(Walks.messages(store(), alice, "a", forward.withStartAt(id)))
            .isEqualTo(all.subList(at, 8));
        assertThat(Walks.messages(store(), alice, "a", forward.withStartBeyond(id)))
            .isEqualTo(all.subList(at + 1, 8));
        assertThat(Walks.messages(store(), alice, "a", backward.withStartAt(id)))
            .isEqualTo(all.subList(0, at + 1));
        assertThat(Walks.messages(store(), alice, "a", backward.withStartBeyond(id)))
            .isEqualTo(all.subList(0, at));
      }
    }
    // A reader that holds the last id finds what came since.
    MessageQuery since = MessageQuery.first(5).withStartBeyond(all.get(7).id());
    Page<StoredMessage> end = store().messages(alice, "a", since);
    assertThat(end.items()).isEmpty();
    assertThat(end.hasMore()).isFalse();
    List<StoredMessage> later = say("a", "later");
    assertThat(store().messages(alice, "a", since).items()).isEqualTo(later);
    MessageQuery next = MessageQuery.of(Direction.FORWARD, 5).withCursor(end.cursor());
    assertThat(store().messages(alice, "a", next).items()).isEqualTo(later);
  }

  @Test
  @DisplayName("2.3: a page from a message that does not exist is a clear error")
  void row_2_3_pageFromAnAbsentMessageFails() {
    StoredMessage deleted = say("a", "one", "two").get(0);
    store().deleteMessage(alice, "a", deleted.id());
    for (UUID absent : List.of(deleted.id(), UUID.randomUUID())) {
      for (MessageQuery query : List.of(MessageQuery.first(5), MessageQuery.last(5))) {
        assertThatThrownBy(() -> store().messages(alice, "a", query.withStartAt(absent)))
            .isInstanceOf(MessageNotFoundException.class)
            .hasMessageContaining(absent.toString());
        assertThatThrownBy(() -> store().messages(alice, "a", query.withStartBeyond(absent)))
            .isInstanceOf(MessageNotFoundException.class);
      }
    }
    UUID there = store().last(alice, "a", 1).get(0).id();
    assertThatThrownBy(
            () -> store().messages(alice, "none", MessageQuery.first(5).withStartAt(there)))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThatThrownBy(() -> store().history(alice, MessageQuery.first(5).withStartAt(there)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("2.1: a message is found by its id, and only in its conversation")
  void row_2_1_findMessage() {
    chat("b");
    StoredMessage message = say("a", "one", "two").get(1);
    say("b", "three");
    assertThat(store().findMessage(alice, "a", message.id())).contains(message);
    assertThat(store().findMessage(alice, "b", message.id())).isEmpty();
    assertThat(store().findMessage(alice, "none", message.id())).isEmpty();
    assertThat(store().findMessage(alice, "a", UUID.randomUUID())).isEmpty();
    assertThat(store().findMessage(user("bob"), "a", message.id())).isEmpty();
    StoredMessage edited = store().edit(alice, "a", message.id(), MessageEdit.text("2"));
    assertThat(store().findMessage(alice, "a", message.id())).contains(edited);
    store().deleteMessage(alice, "a", message.id());
    assertThat(store().findMessage(alice, "a", message.id())).isEmpty();
    StoredMessage first = store().last(alice, "a", 1).get(0);
    store().delete(alice, "a");
    assertThat(store().findMessage(alice, "a", first.id())).isEmpty();
    chat("a");
    assertThat(store().findMessage(alice, "a", first.id())).isEmpty();
  }

  @Test
  @DisplayName("5.4: appends while a reader pages forward are neither skipped nor repeated")
  void row_5_4_forwardPagesWithAppendsBetween() {
    List<StoredMessage> all = new ArrayList<>();
    List<StoredMessage> read = new ArrayList<>();
    Cursor cursor = null;
    for (int i = 0; i < 30; i++) {
      all.addAll(say("a", numbered(i + "-", 1 + i % 4)));
      Page<StoredMessage> page =
          store()
              .messages(
                  alice, "a", MessageQuery.of(Direction.FORWARD, 1 + i % 3).withCursor(cursor));
      read.addAll(page.items());
      cursor = page.cursor();
    }
    while (read.size() < all.size()) {
      Page<StoredMessage> page =
          store().messages(alice, "a", MessageQuery.of(Direction.FORWARD, 7).withCursor(cursor));
      assertThat(page.items()).isNotEmpty();
      read.addAll(page.items());
      cursor = page.cursor();
    }
    assertThat(read).isEqualTo(all);
    Page<StoredMessage> end =
        store().messages(alice, "a", MessageQuery.of(Direction.FORWARD, 7).withCursor(cursor));
    assertThat(end.items()).isEmpty();
    assertThat(end.hasMore()).isFalse();
  }

  @Test
  @DisplayName("5.4: appends while a reader pages backward do not disturb it")
  void row_5_4_backwardPagesWithAppendsBetween() {
    List<StoredMessage> all = say("a", numbered("m", 20));
    List<StoredMessage> read = new ArrayList<>();
    Page<StoredMessage> page = store().messages(alice, "a", MessageQuery.last(3));
    read.addAll(0, page.items());
    while (page.hasMore()) {
      say("a", "later");
      page =
          store()
              .messages(
                  alice, "a", MessageQuery.of(Direction.BACKWARD, 3).withCursor(page.cursor()));
      read.addAll(0, page.items());
    }
    assertThat(read).isEqualTo(all);
  }

  @Test
  @DisplayName("0.2: the cursor at the end later returns what was added since")
  void row_0_2_cursorAtTheEnd() {
    Page<StoredMessage> empty = store().messages(alice, "a", MessageQuery.first(10));
    assertThat(empty.items()).isEmpty();
    assertThat(empty.hasMore()).isFalse();
    List<StoredMessage> first = say("a", "one", "two");
    Page<StoredMessage> page = next(empty.cursor());
    assertThat(page.items()).isEqualTo(first);
    assertThat(page.hasMore()).isFalse();
    assertThat(next(page.cursor()).items()).isEmpty();
    store().deleteMessage(alice, "a", first.get(1).id());
    List<StoredMessage> second = say("a", "three");
    assertThat(next(page.cursor()).items()).isEqualTo(second);
  }

  private Page<StoredMessage> next(@Nullable Cursor cursor) {
    return store().messages(alice, "a", MessageQuery.of(Direction.FORWARD, 10).withCursor(cursor));
  }

  @Test
  @DisplayName("0.2: a page that ends at the last message is marked as the last")
  void row_0_2_hasMoreIsExact() {
    List<StoredMessage> all = say("a", numbered("m", 6));
    assertThat(store().messages(alice, "a", MessageQuery.first(6)).hasMore()).isFalse();
    assertThat(store().messages(alice, "a", MessageQuery.last(6)).hasMore()).isFalse();
    assertThat(store().messages(alice, "a", MessageQuery.first(5)).hasMore()).isTrue();
    store().deleteMessage(alice, "a", all.get(5).id());
    assertThat(store().messages(alice, "a", MessageQuery.first(5)).hasMore()).isFalse();
    assertThat(store().history(alice, MessageQuery.first(5)).hasMore()).isFalse();
    assertThat(store().history(alice, MessageQuery.first(4)).hasMore()).isTrue();
  }

  @Test
  @DisplayName("1.1: a cursor of a generation that was deleted is expired")
  void row_1_1_cursorOfADeletedGenerationExpires() {
    say("a", "one", "two");
    Cursor cursor = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    store().delete(alice, "a");
    chat("a");
    say("a", "three", "four");
    assertThatThrownBy(
            () ->
                store()
                    .messages(alice, "a", MessageQuery.of(Direction.FORWARD, 1).withCursor(cursor)))
        .isInstanceOf(CursorExpiredException.class);
    Cursor second = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    store().erase(alice);
    chat("a");
    say("a", "five");
    for (Cursor old : new Cursor[] {cursor, second}) {
      assertThatThrownBy(
              () ->
                  store()
                      .messages(alice, "a", MessageQuery.of(Direction.BACKWARD, 1).withCursor(old)))
          .as("after an erasure")
          .isInstanceOf(CursorExpiredException.class);
    }
  }

  @Test
  @DisplayName("0.3: a cursor that the store did not issue is rejected")
  void row_0_3_foreignCursorsAreRefused() {
    say("a", "one");
    Cursor ofMessages = store().messages(alice, "a", MessageQuery.first(1)).cursor();
    Cursor ofList = store().list(alice, ConversationQuery.all()).cursor();
    Cursor ofHistory = store().history(alice, MessageQuery.first(1)).cursor();
    Cursor made = new Cursor("bm90IGEgY3Vyc29y");
    for (Cursor wrong : new Cursor[] {ofList, ofHistory, made, new Cursor("%")}) {
      assertThatThrownBy(
              () ->
                  store()
                      .messages(
                          alice, "a", MessageQuery.of(Direction.FORWARD, 1).withCursor(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (Cursor wrong : new Cursor[] {ofMessages, ofHistory, made}) {
      assertThatThrownBy(() -> store().list(alice, ConversationQuery.all().withCursor(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (Cursor wrong : new Cursor[] {ofMessages, ofList, made}) {
      assertThatThrownBy(
              () -> store().history(alice, MessageQuery.of(Direction.FORWARD, 1).withCursor(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  @DisplayName("0.2: history across the user's conversations in chronological order")
  void row_0_2_historyAcrossConversations() {
    for (String id : List.of("b", "\uD83D\uDE00", "\uFF5E")) {
      store().create(alice, NewConversation.ofId(id));
    }
    List<String> said = new ArrayList<>();
    List<String> ids = List.of("\uD83D\uDE00", "a", "\uFF5E", "b");
    for (int i = 0; i < 20; i++) {
      tick();
      say(ids.get(i % 4), "m" + i);
      said.add("m" + i);
    }
    for (int limit : new int[] {1, 3, 20, 1_000}) {
      for (Direction direction : Direction.values()) {
        assertThat(Walks.history(store(), alice, direction, limit))
            .extracting(StoredMessage::text)
            .isEqualTo(said);
      }
    }
    assertThat(store().history(alice, MessageQuery.last(4)).items())
        .extracting(StoredMessage::text)
        .containsExactly("m16", "m17", "m18", "m19");
    store().delete(alice, "b");
    assertThat(Walks.history(store(), alice, Direction.FORWARD, 7)).hasSize(15);
  }

  @Test
  @DisplayName("0.2: an empty history has no cursor; a cursor at the end continues")
  void row_0_2_historyGoesOn() {
    Page<StoredMessage> empty = store().history(alice, MessageQuery.first(10));
    assertThat(empty.items()).isEmpty();
    assertThat(empty.cursor()).isNull();
    say("a", "one");
    Cursor end = store().history(alice, MessageQuery.first(10)).cursor();
    tick();
    say("a", "two");
    assertThat(
            store().history(alice, MessageQuery.of(Direction.FORWARD, 10).withCursor(end)).items())
        .extracting(StoredMessage::text)
        .containsExactly("two");
  }

  @Test
  @DisplayName("2.2: a page is an immutable copy")
  void row_2_2_answersDoNotChange() {
    say("a", "one");
    List<StoredMessage> before = store().last(alice, "a", 10);
    say("a", "two");
    assertThat(before).hasSize(1);
    assertThatThrownBy(() -> before.remove(0)).isInstanceOf(UnsupportedOperationException.class);
  }
}
