package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.NewMessage;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Memory for pending changes depends on the page and the batch; after running out of memory the
 * node continues.
 */
class HybridMemoryTest extends OnTestbed {

  private static final int MESSAGES = 40;

  private final AtomicInteger loads = new AtomicInteger();
  private final AtomicInteger contents = new AtomicInteger();
  private volatile boolean shortOfMemory;

  private Testbed.Interposition open() {
    return bed.interposed(
        "a",
        HybridOptions.defaults(),
        primary ->
            primary.before(
                (method, arguments) -> {
                  if (shortOfMemory && method.getName().equals("feed")) {
                    throw new OutOfMemoryError("of the test");
                  }
                }),
        local ->
            local.before(
                (method, arguments) -> {
                  boolean pending = method.getName().equals("pending");
                  if (pending && arguments[0] instanceof Owner) {
                    loads.incrementAndGet();
                  } else if (method.getName().equals("pendingChange")) {
                    contents.incrementAndGet();
                  } else if (pending && shortOfMemory) {
                    throw new OutOfMemoryError("of the test");
                  }
                }));
  }

  /** Fills the queue of a node that cannot reach the database, and reopens the node. */
  private ConversationStore withPending() {
    ConversationStore store = open().store();
    store.createIfAbsent(alice, NewConversation.ofId("chat"));
    Testbed.awaitDrained(store);
    bed.goDown(store);
    for (int i = 0; i < MESSAGES; i++) {
      store.append(alice, "chat", Message.user(i + " word " + "x".repeat(10_000)));
    }
    store.close();
    return open().store();
  }

  @Test
  void readsLoadTheContentsOfWhatTheyShowAndNoOther() {
    ConversationStore store = withPending();
    contents.set(0);
    assertThat(store.count(alice).messages()).isEqualTo(MESSAGES);
    assertThat(store.find(alice, "chat").orElseThrow().messageCount()).isEqualTo(MESSAGES);
    assertThat(store.list(alice, ConversationQuery.all()).items())
        .singleElement()
        .satisfies(chat -> assertThat(chat.messageCount()).isEqualTo(MESSAGES));
    assertThat(store.preferences(alice).selectedModel()).isNull();
    assertThat(contents).hasValue(0);
    assertThat(store.last(alice, "chat", 1).get(0).text()).startsWith("39 word");
    assertThat(contents).hasValue(1);
    assertThat(store.messages(alice, "chat", MessageQuery.first(3)).items()).hasSize(3);
    assertThat(contents).hasValue(4);
    assertThat(store.history(alice, MessageQuery.last(5)).items()).hasSize(5);
    assertThat(contents).hasValue(9);
    // One more than the page, to detect a next page.
    assertThat(store.search(alice, SearchQuery.of("word").withLimit(2)).items()).hasSize(2);
    assertThat(contents).hasValue(12);
    store.append(alice, "chat", Message.user("one more"));
    assertThat(contents).hasValue(12);
    assertThat(loads).hasValue(0);
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(bed.direct().last(alice, "chat", MESSAGES)).hasSize(MESSAGES);
  }

  @Test
  void headsLackTheContentsOfMessagesAndOfEdits() {
    Testbed.Interposition node = open();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, NewConversation.ofId("chat"));
    UUID there = store.append(alice, "chat", Message.user("there")).get(0).id();
    Testbed.awaitDrained(store);
    bed.goDown(store);
    UUID id = store.append(alice, "chat", Message.user("first")).get(0).id();
    store.edit(alice, "chat", id, MessageEdit.text("second"));
    store.edit(alice, "chat", there, MessageEdit.text("changed"));
    List<Change> heads = node.local().engine().pendingHeads(alice, "chat");
    assertThat(heads).hasSize(3).isEqualTo(node.local().engine().pendingHeads(alice));
    NewMessage head = ((Change.MessagesAppended) heads.get(0)).messages().get(0);
    assertThat(head.id()).isEqualTo(id);
    assertThat(head.message().content()).isEmpty();
    Change.MessageEdited edit = (Change.MessageEdited) heads.get(1);
    assertThat(edit.messageId()).isEqualTo(id);
    assertThat(edit.edit().content()).isEmpty();
    assertThat(node.local().engine().pendingChange(edit.id()))
        .containsInstanceOf(Change.MessageEdited.class)
        .get()
        .extracting(change -> ((Change.MessageEdited) change).edit())
        .isEqualTo(MessageEdit.text("second"));
    assertThat(store.last(alice, "chat", 2))
        .extracting(StoredMessage::text)
        .containsExactly("changed", "second");
    assertThat(store.search(alice, SearchQuery.of("changed")).items()).hasSize(1);
    assertThat(store.search(alice, SearchQuery.of("there")).items()).isEmpty();
  }

  private static StoreHealth.Check pumps(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> check.name().equals("pumps"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aPumpThatMeetsAnErrorIsStartedAgainAndThatIsSaid() {
    ConversationStore store = withPending();
    assertThat(pumps(store).passed()).isTrue();
    shortOfMemory = true;
    bed.comeBack();
    Testbed.await(
        "both are said",
        () ->
            pumps(store).detail().contains("pending changes are not sent (OutOfMemoryError)")
                && pumps(store).detail().contains("is not updated (OutOfMemoryError)"));
    assertThat(pumps(store).passed()).isFalse();
    shortOfMemory = false;
    Testbed.awaitDrained(store);
    Testbed.await("all is well", () -> pumps(store).passed());
    assertThat(bed.direct().count(alice).messages()).isEqualTo(MESSAGES);
  }
}
