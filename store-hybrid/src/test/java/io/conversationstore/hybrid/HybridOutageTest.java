package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ForkOrigin;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.FaultProxy.Mode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guarantees to users while the database is away, on its return, and with unknown outcomes. */
class HybridOutageTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  /** Nodes create the schema, some of them only when the database has returned. */
  @Override
  Testbed makeBed() {
    return new Testbed(server);
  }

  private List<String> texts(ConversationStore store) {
    return store.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  @Test
  void row_1_4_aDatabaseThatComesLaterGetsWhatWasWrittenWithoutIt() {
    bed.goDown();
    ConversationStore node = bed.node("a");
    assertThat(node.state().databaseInUse()).isFalse();
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("one"), Message.assistant("two"));
    assertThat(texts(node)).containsExactly("one", "two");
    node.close();

    ConversationStore again = bed.node("a");
    assertThat(again.state().pending().changes()).isEqualTo(2);
    assertThat(texts(again)).containsExactly("one", "two");
    again.append(alice, "chat", Message.user("three"));
    bed.comeBack();
    Testbed.awaitDrained(again);
    assertThat(texts(again)).containsExactly("one", "two", "three");
    assertThat(texts(bed.direct())).containsExactly("one", "two", "three");
  }

  @Test
  void row_5_18_aForkDuringAnOutageIsSentWhole() {
    ConversationStore node = bed.node("a");
    UUID first = node.append(alice, CHAT, Message.user("one")).messages().get(0).id();
    Testbed.await("the copy follows", () -> node.state().mirror().asOf() != null);
    bed.goDown(node);
    UUID second = node.append(alice, "chat", Message.user("two")).get(0).id();
    node.append(alice, "chat", Message.user("three"));
    node.fork(alice, "chat", second, NewConversation.ofId("fork"));
    node.append(alice, "fork", Message.user("other"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    ConversationStore database = bed.direct();
    assertThat(database.last(alice, "fork", 10))
        .extracting(StoredMessage::text)
        .containsExactly("one", "two", "other");
    assertThat(database.findMessage(alice, "fork", first)).isPresent();
    assertThat(database.find(alice, "fork").orElseThrow().forkedFrom())
        .contains(new ForkOrigin("chat", second));
    assertThat(texts(database)).containsExactly("one", "two", "three");
  }

  @Test
  void row_1_4_aDatabaseToWhichAConnectionTakesLongerThanThePoolWaitsIsUsedAgain() {
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    bed.goDown(node);
    node.append(alice, "chat", Message.user("pending"));
    // A connection takes about ten chunks; the pool waits for 250 ms.
    bed.proxy().slow(Duration.ofMillis(40));
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).containsExactly("pending");
  }

  @Test
  void row_5_5_whatOnlyTheDatabaseKnowsIsUnknownWhileOffline() {
    ConversationStore node = bed.node("a");
    bed.proxy().setMode(Mode.RESET);
    // The call that detects the loss gets the same answer as later ones.
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> node.append(alice, "other", Message.user("x")))
          .isInstanceOf(UnknownWhileOfflineException.class);
      assertThatThrownBy(() -> node.find(alice, "other"))
          .isInstanceOf(UnknownWhileOfflineException.class);
    }
    assertThatThrownBy(() -> node.create(alice, CHAT))
        .isInstanceOf(StoreUnavailableException.class);
    node.createIfAbsent(alice, CHAT);
    assertThatThrownBy(
            () -> node.append(alice, "chat", List.of(Message.user("x")), AppendCondition.ifEmpty()))
        .isInstanceOf(StoreUnavailableException.class);
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.find(alice, "other")).isEmpty();
    assertThat(texts(node)).isEmpty();
  }

  private List<String> textsOf(ConversationStore store, String id) {
    return store.last(alice, id, 100).stream().map(StoredMessage::text).toList();
  }

  /** As a framework does it that reads before it writes. */
  private void readFirst(ConversationStore node, String id, Message message) {
    List<StoredMessage> context;
    try {
      context = node.last(alice, id, 20);
    } catch (ConversationNotFoundException | UnknownWhileOfflineException nothingHere) {
      context = List.of();
    }
    assertThat(context).isEmpty();
    node.append(alice, NewConversation.ofId(id), message);
  }

  @Test
  void row_1_4_aNewChatBeginsDuringAnOutage() {
    ConversationStore node = bed.node("a");
    bed.goDown(node);
    Appended begun = node.append(alice, NewConversation.ofId("append"), Message.user("one"));
    assertThat(begun.created()).isTrue();
    assertThat(begun.changed()).isTrue();
    assertThat(begun.messages()).extracting(StoredMessage::isPending).containsExactly(true);
    assertThat(begun.conversation().generation()).isZero();
    assertThat(begun.conversation().messageCount()).isEqualTo(1);
    node.createIfAbsent(alice, NewConversation.ofId("create"));
    node.append(alice, "create", Message.user("one"));
    readFirst(node, "read", Message.user("one"));
    for (String id : List.of("append", "create", "read")) {
      Appended next = node.append(alice, NewConversation.ofId(id), Message.user("two"));
      assertThat(next.created()).isFalse();
      assertThat(textsOf(node, id)).containsExactly("one", "two");
    }
    Appended again =
        node.append(alice, NewConversation.ofId("append"), begun.messages().get(0).message());
    assertThat(again.changed()).isFalse();
    node.close();
    ConversationStore restarted = bed.node("a");
    assertThat(textsOf(restarted, "append")).containsExactly("one", "two");
    bed.comeBack();
    Testbed.awaitDrained(restarted);
    for (String id : List.of("append", "create", "read")) {
      assertThat(textsOf(restarted, id)).containsExactly("one", "two");
      assertThat(textsOf(bed.direct(), id)).containsExactly("one", "two");
      assertThat(bed.direct().find(alice, id).orElseThrow().generation()).isEqualTo(1);
    }
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(3, 6));
  }

  @Test
  void row_1_4_anAppendThatCreatesJoinsWhatAnotherNodeMadeMeanwhile() {
    ConversationStore node = bed.node("a");
    bed.goDown(node);
    node.append(alice, CHAT.withTitle("here"), Message.user("here"));
    bed.direct().append(alice, CHAT.withTitle("there"), Message.user("there"));
    assertThatThrownBy(
            () ->
                node.append(
                    alice,
                    NewConversation.ofId("x"),
                    List.of(Message.user("x")),
                    AppendCondition.ifEmpty()))
        .isInstanceOf(StoreUnavailableException.class);
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(texts(node)).containsExactly("there", "here");
    assertThat(bed.direct().find(alice, "chat").orElseThrow().title()).isEqualTo("there");
    assertThat(bed.direct().find(alice, "x")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(CutPoint.class)
  void row_5_3_anAppendThatCreatesOfUnknownOutcomeIsThereOnce(CutPoint point) {
    ConversationStore node = bed.node("a");
    bed.cutWrite(point);
    Appended first = node.append(alice, CHAT, Message.user("first"));
    assertThat(first.messages()).extracting(StoredMessage::text).containsExactly("first");
    Testbed.awaitDrained(node);
    bed.cutWrite(point);
    node.append(alice, CHAT, Message.user("second"));
    Testbed.awaitDrained(node);
    assertThat(texts(node)).containsExactly("first", "second");
    assertThat(texts(bed.direct())).containsExactly("first", "second");
  }

  @ParameterizedTest
  @EnumSource(CutPoint.class)
  void row_5_3_aWriteOfUnknownOutcomeIsThereOnce(CutPoint point) {
    ConversationStore node = bed.node("a");
    bed.cutWrite(point);
    node.createIfAbsent(alice, CHAT);
    Testbed.awaitDrained(node);
    bed.cutWrite(point);
    StoredMessage first = node.append(alice, "chat", Message.user("first")).get(0);
    assertThat(texts(node)).containsExactly("first");
    Testbed.awaitDrained(node);
    UUID second = node.append(alice, "chat", Message.user("second")).get(0).id();
    bed.cutWrite(point);
    node.edit(alice, "chat", first.id(), MessageEdit.text("edited"));
    assertThat(texts(node)).containsExactly("edited", "second");
    Testbed.awaitDrained(node);
    bed.cutWrite(point);
    assertThat(node.deleteMessage(alice, "chat", second)).isTrue();
    assertThat(texts(node)).containsExactly("edited");
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).containsExactly("edited");
    bed.cutWrite(point);
    assertThat(node.delete(alice, "chat")).isTrue();
    assertThat(node.find(alice, "chat")).isEmpty();
    Testbed.awaitDrained(node);
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
    assertThat(node.createIfAbsent(alice, CHAT).messageCount()).isZero();
    bed.cutWrite(point);
    node.erase(alice);
    node.createIfAbsent(alice, CHAT);
    Testbed.awaitDrained(node);
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(1, 0));
    bed.goDown(node);
    assertThat(node.count(alice)).isEqualTo(new OwnerCounts(1, 0));
    assertThat(node.state().rejected()).isEmpty();
  }

  @Test
  void row_1_2_aNodeReadsItsOwnWritesInEveryState() {
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("0"));
    bed.goDown();
    for (int i = 1; i <= 60; i++) {
      if (i == 30) {
        bed.comeBack();
      }
      node.append(alice, "chat", Message.user(String.valueOf(i)));
      node.updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("model " + i));
      List<String> texts = texts(node);
      assertThat(texts).hasSize(i + 1).endsWith(String.valueOf(i)).doesNotHaveDuplicates();
      assertThat(node.history(alice, MessageQuery.last(1_000)).items()).hasSize(i + 1);
      assertThat(node.count(alice)).isEqualTo(new OwnerCounts(1, i + 1));
      assertThat(node.preferences(alice).selectedModel()).isEqualTo("model " + i);
      assertThat(node.list(alice, ConversationQuery.all()).items().get(0).messageCount())
          .isEqualTo(i + 1);
    }
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).isEqualTo(texts(node));
  }

  @Test
  void row_1_4_twoNodesThatCreatedTheSameConversationShareIt() {
    bed.goDown();
    ConversationStore a = bed.node("a");
    ConversationStore b = bed.node("b");
    a.createIfAbsent(alice, CHAT);
    b.createIfAbsent(alice, CHAT);
    a.append(alice, "chat", Message.user("from a"));
    b.append(alice, "chat", Message.user("from b"));
    bed.comeBack();
    Testbed.awaitDrained(a);
    Testbed.awaitDrained(b);
    assertThat(texts(a)).containsExactlyInAnyOrder("from a", "from b").isEqualTo(texts(b));
    bed.goDown(a);
    Testbed.awaitFallenBack(b);
  }

  @Test
  void row_5_6_whatAnotherNodeDeletedIsDroppedAndReported() {
    ConversationStore a = bed.node("a");
    a.createIfAbsent(alice, CHAT);
    a.append(alice, "chat", Message.user("old"));
    bed.goDown(a);
    a.append(alice, "chat", Message.user("too late"));
    assertThat(bed.direct().delete(alice, "chat")).isTrue();
    bed.comeBack();
    Testbed.awaitDrained(a);
    assertThat(a.find(alice, "chat")).isEmpty();
    assertThat(a.state().rejected())
        .singleElement()
        .satisfies(
            rejected -> {
              assertThat(rejected.conversationId()).isEqualTo("chat");
              assertThat(rejected.parked()).isFalse();
            });
    a.createIfAbsent(alice, CHAT);
    assertThat(texts(a)).isEmpty();
  }

  @Test
  void row_3_4_takingAConversationBackKeepsThePreferences() {
    bed.goDown();
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    node.updatePreferences(
        alice, PreferencesUpdate.none().withActiveConversation("chat").withSelectedModel("model"));
    assertThat(node.delete(alice, "chat")).isTrue();
    assertThat(node.preferences(alice).selectedModel()).isEqualTo("model");
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(bed.direct().preferences(alice).selectedModel()).isEqualTo("model");
    assertThat(bed.direct().preferences(alice).activeConversation()).isNull();
  }

  @Test
  void row_5_7_anErasureWithoutTheDatabaseLeavesNothingInTheFiles() throws IOException {
    ConversationStore node = bed.node("a");
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("SECRET-ONLINE"));
    bed.goDown(node);
    node.append(alice, "chat", Message.user("SECRET-OFFLINE"));
    assertThat(node.erase(alice).pending()).isTrue();
    try (Stream<Path> tree = Files.walk(bed.directory("a"))) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .doesNotContain("SECRET");
      }
    }
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("anew"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).containsExactly("anew");
    bed.goDown(node);
    assertThat(texts(node)).containsExactly("anew");
  }

  @Test
  void row_5_7_whatFollowsTwoPendingErasuresIsErasedByALaterOneElsewhere() {
    ConversationStore node = bed.node("a");
    ConversationStore direct = bed.direct();
    node.createIfAbsent(alice, CHAT);
    bed.goDown(node);
    node.erase(alice);
    node.append(alice, NewConversation.ofId("between"), Message.user("between"));
    node.erase(alice);
    node.append(alice, NewConversation.ofId("after"), Message.user("after"));
    for (int i = 0; i < 3; i++) {
      direct.append(alice, NewConversation.ofId("elsewhere"), Message.user("elsewhere"));
      direct.erase(alice);
    }
    direct.append(alice, NewConversation.ofId("last"), Message.user("last"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    for (ConversationStore store : List.of(direct, node)) {
      assertThat(store.list(alice, ConversationQuery.all()).items())
          .extracting(Conversation::id)
          .containsExactly("last");
    }
    assertThat(node.state().rejected()).hasSize(2).noneMatch(StoreState.Rejected::parked);
  }

  @Test
  void row_1_6_theStateSaysWhatIsInUse() {
    ConversationStore node = bed.node("a");
    Queue<StoreState.Mode> modes = new ConcurrentLinkedQueue<>();
    node.onStateChange(state -> modes.add(state.mode()));
    node.createIfAbsent(alice, CHAT);
    bed.proxy().setMode(Mode.BLACK_HOLE);
    node.append(alice, "chat", Message.user("kept"));
    assertThat(node.state().mode()).isEqualTo(StoreState.Mode.OFFLINE);
    bed.proxy().dropConnections();
    bed.comeBack();
    Testbed.awaitDrained(node);
    Testbed.await("the listener was told of the way back", () -> modes.size() >= 3);
    assertThat(modes)
        .startsWith(StoreState.Mode.OFFLINE, StoreState.Mode.RESYNCING)
        .endsWith(StoreState.Mode.ONLINE);
    assertThat(texts(bed.direct())).containsExactly("kept");
  }

  @Test
  void anotherDatabaseIsRefused() {
    bed.node("a").close();
    try (Testbed other = new Testbed(server)) {
      assertThatThrownBy(
              () ->
                  HybridStore.open(
                      io.conversationstore.postgres.PostgresOptions.url(
                              other.proxy().jdbcUrl(server.createDatabase()))
                          .withLogin(server.user(), server.password()),
                      bed.files("a")))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining("another database");
    }
  }

  @Test
  void aNodeThatIsClosedDuringAnOutageSpeaksOfNoError() {
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("handshake")) {
                asked.countDown();
                Testbed.pass(closing);
              }
            });
    node.primary()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("close")) {
                closing.countDown();
              }
            });
    try (Warnings warnings = Warnings.counted()) {
      bed.goDown(node.store());
      // The state shows an outage slightly before the log.
      Testbed.await("the outage is told", () -> warnings.count() == 1);
      Testbed.await("a probe runs", () -> asked.getCount() == 0);
      node.store().close();
      assertThat(warnings.count()).isEqualTo(1);
    }
  }

  @Test
  void aCallThatRunsWhileTheNodeIsClosedSpeaksOfNoLoss() throws InterruptedException {
    Testbed.Interposition node = bed.interposed("a", HybridOptions.defaults());
    node.store().createIfAbsent(alice, CHAT);
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("messages")) {
                asked.countDown();
                Testbed.pass(closing);
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, false, "the pool is closed", null);
              }
            });
    node.primary()
        .after(
            (method, arguments) -> {
              if (method.getName().equals("close")) {
                closing.countDown();
              }
            });
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    Thread caller = new Thread(() -> texts(node.store()), "caller");
    caller.setUncaughtExceptionHandler((thread, e) -> failed.set(e));
    try (Warnings warnings = Warnings.counted()) {
      caller.start();
      Testbed.pass(asked);
      node.store().close();
      caller.join();
      assertThat(warnings.count()).isZero();
    }
    // Whether the files still answer depends on timing.
    assertThat(failed.get())
        .satisfiesAnyOf(
            e -> assertThat(e).isNull(),
            e -> assertThat(e).isInstanceOf(ConversationStoreException.class),
            e ->
                assertThat(e)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the store is closed"));
  }
}
