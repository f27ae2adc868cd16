package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.LocalStore;
import java.lang.reflect.Method;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The generation affected by a change that waited behind the create of its conversation. */
class HybridGenerationsTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private List<String> texts(ConversationStore store) {
    return store.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 200})
  void row_5_6_aConversationDeletedAndSavedAnewKeepsWhatFollows(int batch) {
    bed.goDown();
    ConversationStore node = bed.node("a", HybridOptions.defaults().withDrainBatch(batch));
    node.createIfAbsent(alice, CHAT);
    // Preferences keep the create in the queue when the conversation is deleted.
    node.updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("chat"));
    assertThat(node.delete(alice, "chat")).isTrue();
    node.save(alice, List.of(ConversationDocument.of(CHAT, List.of(Message.user("saved")))));
    UUID appended = node.append(alice, "chat", Message.user("appended")).get(0).id();
    node.update(alice, "chat", ConversationUpdate.touch().withTitle("title"));
    node.edit(alice, "chat", appended, MessageEdit.text("edited"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.state().rejected()).isEmpty();
    assertThat(texts(node)).containsExactly("saved", "edited");
    assertThat(texts(bed.direct())).containsExactly("saved", "edited");
    assertThat(bed.direct().find(alice, "chat")).get().extracting("title").isEqualTo("title");
    bed.goDown(node);
    assertThat(texts(node)).containsExactly("saved", "edited");
  }

  @Test
  void row_1_4_aDeleteBehindAPendingCreateReachesWhatTheDatabaseHadAllAlong() {
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, CHAT);
    other.append(alice, "chat", Message.user("another's"));
    bed.goDown();
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    assertThat(node.delete(alice, "chat")).isTrue();
    assertThat(node.find(alice, "chat")).isEmpty();
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.state().rejected()).isEmpty();
    assertThat(other.find(alice, "chat")).isEmpty();
    assertThat(node.find(alice, "chat")).isEmpty();
  }

  @Test
  void row_1_4_aDroppedDeleteOfAnErasedOwnerIsSeenAtOnce() {
    ConversationStore node = bed.node("a");
    ConversationStore other = bed.direct();
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("text"));
    Testbed.awaitDrained(node);
    bed.goDown(node);
    other.erase(alice);
    assertThat(node.delete(alice, "chat")).isTrue();
    bed.comeBack();
    Testbed.awaitDrained(node);
    bed.goDown(node);
    // The answer updated the copy, independent of the feed.
    assertThat(node.list(alice, ConversationQuery.all()).items()).isEmpty();
  }

  @Test
  void row_5_6_aChangeOfAPendingMessageGoesWhereTheMessageGoes() {
    CountDownLatch mayDrain = new CountDownLatch(1);
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().startsWith("apply") && !mayDrain.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the test does not go on");
              }
            });
    ConversationStore store = node.store();
    bed.goDown(store);
    store.createIfAbsent(alice, CHAT);
    UUID edited = store.append(alice, "chat", Message.user("first")).get(0).id();
    UUID deleted = store.append(alice, "chat", Message.user("second")).get(0).id();
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, CHAT);
    bed.comeBack();
    // By now it knows of a generation, and its own create still waits.
    Testbed.await(
        "the copy follows", () -> node.local().engine().find(alice, "chat").live() != null);
    store.edit(alice, "chat", edited, MessageEdit.text("edited"));
    assertThat(store.deleteMessage(alice, "chat", deleted)).isTrue();
    other.delete(alice, "chat");
    other.createIfAbsent(alice, CHAT);
    mayDrain.countDown();
    Testbed.awaitDrained(store);
    assertThat(texts(other)).containsExactly("edited");
    assertThat(store.state().rejected()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 200})
  void row_5_6_whatFollowsASaveDoesNotReachAConversationThatAnotherNodeMadeLater(int batch) {
    bed.goDown();
    ConversationStore other = bed.direct();
    Testbed.Interposition node =
        bed.interposed("a", HybridOptions.defaults().withDrainBatch(batch));
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("apply")
                  && arguments[1] == ApplyMode.REPLAY
                  && arguments[0] instanceof Change.MessagesAppended) {
                other.delete(alice, "chat");
                other.createIfAbsent(alice, CHAT);
              }
            });
    node.store().save(alice, List.of(ConversationDocument.of(CHAT, List.of())));
    node.store().append(alice, "chat", Message.user("about the first"));
    bed.comeBack();
    Testbed.awaitDrained(node.store());
    assertThat(texts(other)).isEmpty();
    assertThat(node.store().state().rejected())
        .singleElement()
        .extracting("reason")
        .isEqualTo("its conversation was deleted");
  }

  @Test
  void row_3_4_aPreferenceForADeletedConversationIsNotForTheNextOne() {
    bed.goDown();
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    node.updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("chat"));
    assertThat(node.preferences(alice).activeConversation()).isEqualTo("chat");
    assertThat(node.delete(alice, "chat")).isTrue();
    node.createIfAbsent(alice, CHAT);
    assertThat(node.preferences(alice).activeConversation()).isNull();
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.preferences(alice).activeConversation()).isNull();
    assertThat(bed.direct().preferences(alice).activeConversation()).isNull();
  }

  @Test
  void row_5_6_aConversationMadeAfterAPurgeIsKnownToACopyThatHoldsTheDeletedOne() throws Exception {
    ConversationStore node = bed.node("a");
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    for (int i = 0; i < 5; i++) {
      node.append(alice, "chat", Message.user("before " + i));
    }
    node.delete(alice, "chat");
    Testbed.awaitDrained(node);
    bed.goDown(node);
    node.createIfAbsent(alice, NewConversation.ofId("offline"));
    node.append(alice, "offline", Message.user("offline"));
    purge();
    ConversationStore other = bed.direct();
    other.createIfAbsent(alice, CHAT);
    other.append(alice, "chat", Message.user("anew"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.state().rejected()).isEmpty();
    assertThat(other.last(alice, "offline", 10)).hasSize(1);
    Instant now = Instant.now();
    Testbed.await(
        "the copy has followed",
        () -> {
          StoreState.Mirror mirror = node.state().mirror();
          return mirror != null && mirror.asOf() != null && mirror.asOf().isAfter(now);
        });
    bed.goDown(node);
    assertThat(node.find(alice, "chat")).isPresent();
    assertThat(texts(node)).containsExactly("anew");
    assertThat(node.last(alice, "offline", 10)).hasSize(1);
    node.append(alice, "chat", Message.user("offline"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(texts(other)).containsExactly("anew", "offline");
    assertThat(node.state().rejected()).isEmpty();
  }

  private void purge() {
    server.execute(bed.database(), "SELECT conversation_store.purge_deleted(interval '0')");
  }

  @Test
  void row_5_6_aSaveOverAPendingCreateDoesNotBringBackWhatAnotherNodeDeleted() {
    bed.goDown();
    ConversationStore other = bed.direct();
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("apply")
                  && arguments[1] == ApplyMode.REPLAY
                  && arguments[0] instanceof Change.Bulk) {
                other.delete(alice, "chat");
              }
            });
    node.store().createIfAbsent(alice, CHAT);
    node.store()
        .save(alice, List.of(ConversationDocument.of(CHAT, List.of(Message.user("saved")))));
    bed.comeBack();
    Testbed.awaitDrained(node.store());
    assertThat(other.find(alice, "chat")).isEmpty();
    assertThat(node.store().state().rejected()).isNotEmpty();
  }

  /** A node with an empty copy and a pending message for a conversation of the database. */
  private ConversationStore emptiedWithPending() {
    ConversationStore node = bed.node("a");
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("sent"));
    bed.goDown(node);
    node.append(alice, "chat", Message.user("pending"));
    node.close();
    try (LocalStore files = JsonFileStore.openEngine(bed.files("a"))) {
      files.resetMirror(false);
    }
    return bed.node("a");
  }

  @Test
  void row_5_5_whatWaitsIsInAConversationThatIsCreatedAnewWhereTheCopyLostIt() {
    ConversationStore node = emptiedWithPending();
    assertThatThrownBy(() -> texts(node)).isInstanceOf(UnknownWhileOfflineException.class);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("later"));
    assertThat(texts(node)).containsExactly("pending", "later");
    assertThat(node.find(alice, "chat")).get().extracting("messageCount").isEqualTo(2L);
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).containsExactly("sent", "pending", "later");
  }

  @Test
  void row_5_6_aConversationThatTheCopyLostAndThatIsDeletedDoesNotComeBack() {
    ConversationStore node = emptiedWithPending();
    node.createIfAbsent(alice, CHAT);
    assertThat(node.delete(alice, "chat")).isTrue();
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
  }

  @Test
  void row_5_6_aDeleteBehindARejectedAppendFollowsTheCreateBeforeIt() throws Exception {
    server.execute(bed.database(), HybridRefusalTest.TRIGGER.formatted("P0001"));
    ConversationStore other = bed.direct();
    CountDownLatch tried = new CountDownLatch(1);
    CountDownLatch queued = new CountDownLatch(1);
    AtomicBoolean first = new AtomicBoolean(true);
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    node.primary()
        .before(
            (method, arguments) -> {
              if (isAppendThatCreates(method, arguments) && first.compareAndSet(true, false)) {
                tried.countDown();
                Testbed.pass(queued);
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the answer was lost", null);
              }
            });
    AtomicBoolean landed = new AtomicBoolean();
    node.primary()
        .after(
            (method, arguments) -> {
              if (isAppendThatCreates(method, arguments) && landed.compareAndSet(false, true)) {
                other.delete(alice, "chat");
                other.createIfAbsent(alice, CHAT);
              }
            });
    ConversationStore store = node.store();
    Testbed.awaitDrained(store);
    Thread refused =
        new Thread(() -> store.append(alice, CHAT, Message.user("refused")), "refused");
    refused.start();
    Testbed.pass(tried);
    bed.goDown(store);
    store.append(alice, CHAT, Message.user("first in the queue"));
    queued.countDown();
    refused.join();
    assertThat(store.delete(alice, "chat")).isTrue();
    bed.comeBack();
    Testbed.await("one change is parked", () -> store.operator().parked().size() == 1);
    Testbed.awaitDrained(store);
    assertThat(landed).isTrue();
    assertThat(other.find(alice, "chat")).as("the conversation that others made later").isPresent();
    assertThat(store.find(alice, "chat")).isPresent();
  }

  private static boolean isAppendThatCreates(Method method, Object[] arguments) {
    return method.getName().equals("apply")
        && arguments[0] instanceof Change.Bulk bulk
        && bulk.isAppend();
  }
}
