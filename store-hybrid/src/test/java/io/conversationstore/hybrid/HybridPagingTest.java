package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paging through all of an owner's messages while pending ones are sent. */
class HybridPagingTest extends OnTestbed {

  private final CountDownLatch mayDrain = new CountDownLatch(1);

  @AfterEach
  void letItDrain() {
    mayDrain.countDown();
  }

  @ParameterizedTest
  @CsvSource({
    "FORWARD, 1, 1", "FORWARD, 1, 3", "FORWARD, 2, 1", "FORWARD, 3, 2", "FORWARD, 1, 6",
    "BACKWARD, 1, 1", "BACKWARD, 1, 3", "BACKWARD, 2, 1", "BACKWARD, 3, 2", "BACKWARD, 1, 6"
  })
  void row_4_3_whatIsSentBetweenTwoPagesIsNotSkipped(Direction direction, int limit, int pages) {
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    ConversationStore store = node.store();
    // Before the drain takes a lock that readers need.
    node.local()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("pending")
                  && arguments[0] instanceof Integer
                  && !mayDrain.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the test does not go on");
              }
            });
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, NewConversation.ofId("before"));
    other.append(alice, "before", Message.user("0"));
    bed.goDown(store);
    store.createIfAbsent(alice, NewConversation.ofId("offline"));
    store.append(alice, "offline", Message.user("1"), Message.user("2"));
    store.append(alice, "offline", Message.user("3"));
    other.createIfAbsent(alice, NewConversation.ofId("after"));
    other.append(alice, "after", Message.user("4"), Message.user("5"), Message.user("6"));
    bed.comeBack();
    Testbed.await("the database is in use", () -> store.state().databaseInUse());

    List<String> seen = new ArrayList<>();
    Cursor cursor = null;
    Page<StoredMessage> page;
    int read = 0;
    do {
      page = store.history(alice, MessageQuery.of(direction, limit).withCursor(cursor));
      page.items().forEach(message -> seen.add(message.text()));
      cursor = page.cursor();
      if (++read == pages) {
        mayDrain.countDown();
        Testbed.awaitDrained(store);
      }
      assertThat(read).as("pages, so far %s", seen).isLessThan(40);
    } while (page.hasMore());
    assertThat(seen).contains("0", "1", "2", "3", "4", "5", "6");
  }

  @ParameterizedTest
  @CsvSource({
    "FORWARD, 1, true", "FORWARD, 4, true", "FORWARD, 2, false", "FORWARD, 6, false",
    "BACKWARD, 1, true", "BACKWARD, 2, true", "BACKWARD, 4, true", "BACKWARD, 2, false"
  })
  void row_4_3_aCursorOfOneConversationHoldsAcrossADrain(
      Direction direction, int limit, boolean before) {
    ConversationStore store = bed.node("a");
    // A cursor from before the first contact belongs to no history of the database.
    Testbed.awaitDrained(store);
    List<String> expected = new ArrayList<>();
    if (before) {
      store.createIfAbsent(alice, NewConversation.ofId("chat"));
      store.append(alice, "chat", Message.user("0"), Message.user("1"), Message.user("2"));
      expected.addAll(List.of("0", "1", "2"));
    }
    bed.goDown(store);
    store.createIfAbsent(alice, NewConversation.ofId("chat"));
    for (int i = 3; i < 8; i++) {
      store.append(alice, "chat", Message.user("" + i));
      expected.add("" + i);
    }
    List<String> seen = new ArrayList<>();
    Page<StoredMessage> page = null;
    do {
      Cursor cursor = page == null ? null : page.cursor();
      page = store.messages(alice, "chat", MessageQuery.of(direction, limit).withCursor(cursor));
      page.items().forEach(message -> seen.add(message.text()));
      if (cursor == null) {
        bed.comeBack();
        Testbed.awaitDrained(store);
      }
      assertThat(page.provenance().pending()).isEqualTo(cursor == null);
      assertThat(seen).as("so far").hasSizeLessThan(20);
    } while (page.hasMore());
    assertThat(seen).containsAll(expected);
  }

  @Test
  void row_4_3_pagesStartAtPendingAndAtCommittedMessages() {
    ConversationStore store = bed.node("a");
    store.createIfAbsent(alice, NewConversation.ofId("chat"));
    store.append(alice, "chat", Message.user("0"), Message.user("1"), Message.user("2"));
    bed.goDown(store);
    store.append(alice, "chat", Message.user("3"), Message.user("4"));
    store.append(alice, "chat", Message.user("5"));
    List<StoredMessage> all = store.last(alice, "chat", 10);
    assertThat(all).extracting(StoredMessage::text).containsExactly("0", "1", "2", "3", "4", "5");
    for (int limit : new int[] {1, 2, 4, 7}) {
      for (int at = 0; at < 6; at++) {
        MessageQuery first = MessageQuery.first(limit);
        MessageQuery last = MessageQuery.last(limit);
        UUID id = all.get(at).id();
        assertThat(from(store, first.withStartAt(id))).isEqualTo(all.subList(at, 6));
        assertThat(from(store, first.withStartBeyond(id))).isEqualTo(all.subList(at + 1, 6));
        assertThat(from(store, last.withStartAt(id))).isEqualTo(all.subList(0, at + 1));
        assertThat(from(store, last.withStartBeyond(id))).isEqualTo(all.subList(0, at));
        assertThat(store.findMessage(alice, "chat", id)).contains(all.get(at));
      }
    }
    // A cursor of such a page holds when its message is sent.
    Page<StoredMessage> page =
        store.messages(alice, "chat", MessageQuery.first(1).withStartBeyond(all.get(3).id()));
    Page<StoredMessage> end =
        store.messages(alice, "chat", MessageQuery.first(1).withStartBeyond(all.get(5).id()));
    assertThat(end.items()).isEmpty();
    bed.comeBack();
    Testbed.awaitDrained(store);
    store.append(alice, "chat", Message.user("6"));
    MessageQuery next = MessageQuery.first(9);
    assertThat(store.messages(alice, "chat", next.withCursor(page.cursor())).items())
        .extracting(StoredMessage::text)
        .endsWith("5", "6");
    assertThat(store.messages(alice, "chat", next.withCursor(end.cursor())).items())
        .extracting(StoredMessage::text)
        .endsWith("6");
  }

  private List<StoredMessage> from(ConversationStore store, MessageQuery query) {
    List<StoredMessage> all = new ArrayList<>();
    Page<StoredMessage> page = store.messages(alice, "chat", query);
    all.addAll(page.items());
    while (page.hasMore()) {
      page = store.messages(alice, "chat", query.withCursor(page.cursor()));
      all.addAll(query.direction() == Direction.FORWARD ? all.size() : 0, page.items());
    }
    return all;
  }

  @Test
  void row_4_3_pendingMessagesOfOneIdInTwoConversationsAreToldApart() {
    ConversationStore store = bed.node("a");
    bed.goDown(store);
    UUID id = UUID.randomUUID();
    store.createIfAbsent(alice, NewConversation.ofId("a"));
    store.createIfAbsent(alice, NewConversation.ofId("b"));
    store.append(alice, "a", Message.user("first").withId(id));
    store.append(alice, "a", Message.user("second"));
    store.append(alice, "b", Message.user("third").withId(id));
    for (Direction direction : Direction.values()) {
      List<String> seen = new ArrayList<>();
      Cursor cursor = null;
      Page<StoredMessage> page;
      do {
        page = store.history(alice, MessageQuery.of(direction, 1).withCursor(cursor));
        page.items().forEach(message -> seen.add(message.text()));
        cursor = page.cursor();
      } while (page.hasMore());
      assertThat(seen).as("%s", direction).containsExactlyInAnyOrder("first", "second", "third");
    }
  }
}
