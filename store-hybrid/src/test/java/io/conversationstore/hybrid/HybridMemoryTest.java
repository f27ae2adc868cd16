package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreHealth;
import io.conversationstore.spi.Change;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Memory for what waits goes by the page and the batch; what runs short of it goes on. */
class HybridMemoryTest extends OnTestbed {

  private static final int MESSAGES = 40;

  private final AtomicInteger loads = new AtomicInteger();
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
                  } else if (pending && shortOfMemory) {
                    throw new OutOfMemoryError("of the test");
                  }
                }));
  }

  /** Fills the queue of a node that cannot reach the database, and opens the node anew. */
  private ConversationStore withPending() {
    ConversationStore store = open().store();
    store.createIfAbsent(alice, NewConversation.withId("chat"));
    Testbed.awaitDrained(store);
    bed.goDown(store);
    for (int i = 0; i < MESSAGES; i++) {
      store.append(alice, "chat", Message.user(i + " " + "x".repeat(10_000)));
    }
    store.close();
    return open().store();
  }

  @Test
  void whatShowsNoMessageLoadsNoContentOfWhatWaits() {
    ConversationStore store = withPending();
    loads.set(0);
    assertThat(store.count(alice).messages()).isEqualTo(MESSAGES);
    assertThat(store.find(alice, "chat").orElseThrow().messageCount()).isEqualTo(MESSAGES);
    assertThat(store.list(alice, ConversationQuery.all()).items())
        .singleElement()
        .satisfies(chat -> assertThat(chat.messageCount()).isEqualTo(MESSAGES));
    assertThat(store.preferences(alice).selectedModel()).isNull();
    assertThat(loads).hasValue(0);
    assertThat(store.last(alice, "chat", 1).get(0).text()).startsWith("39 x");
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(bed.direct().last(alice, "chat", MESSAGES)).hasSize(MESSAGES);
  }

  /** Edits depend on the content that was there before. */
  @Test
  void headsOfWhatIsEditedMeanwhileAreWhole() {
    Testbed.Interposition node = open();
    ConversationStore store = node.store();
    store.createIfAbsent(alice, NewConversation.withId("chat"));
    Testbed.awaitDrained(store);
    bed.goDown(store);
    UUID id = store.append(alice, "chat", Message.user("first")).get(0).id();
    List<Change> heads = node.local().engine().pendingHeads(alice, "chat");
    assertThat(heads).singleElement().isInstanceOf(Change.MessagesAppended.class);
    Change.MessagesAppended head = (Change.MessagesAppended) heads.get(0);
    assertThat(head.messages().get(0).id()).isEqualTo(id);
    assertThat(head.messages().get(0).message().content()).isEmpty();
    store.edit(alice, "chat", id, MessageEdit.text("second"));
    heads = node.local().engine().pendingHeads(alice);
    head = (Change.MessagesAppended) heads.get(0);
    assertThat(head.messages().get(0).message().text()).isEqualTo("first");
    assertThat(store.last(alice, "chat", 1).get(0).text()).isEqualTo("second");
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
                && pumps(store).detail().contains("does not follow (OutOfMemoryError)"));
    assertThat(pumps(store).passed()).isFalse();
    shortOfMemory = false;
    Testbed.awaitDrained(store);
    Testbed.await("all is well", () -> pumps(store).passed());
    assertThat(bed.direct().count(alice).messages()).isEqualTo(MESSAGES);
  }
}
