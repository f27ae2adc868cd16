package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.EngineFailureException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The database is restored to an older copy, and the node's next contact with it is a call of its
 * own: neither a probe nor the feed comes first, and the feed position is not ahead of the
 * database, because the server's transaction counter continues.
 */
class HybridUnnoticedRestoreTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private final StepScheduler scheduler = new StepScheduler();
  private Testbed.Interposition interposed;
  private ConversationStore node;

  @BeforeEach
  void openNode() {
    interposed = bed.patient("a", scheduler);
    node = interposed.store();
    awaitPassing("the node uses the database", this::isDrained);
  }

  /** Advances the node's time until the condition holds. */
  private void awaitPassing(String what, BooleanSupplier condition) {
    Testbed.await(
        what,
        () -> {
          if (!condition.getAsBoolean()) {
            scheduler.pass(1_000);
          }
          return condition.getAsBoolean();
        });
  }

  @AfterEach
  void dropOlder() {
    server.execute("postgres", "DROP DATABASE IF EXISTS " + older());
  }

  private String older() {
    return bed.database() + "_older";
  }

  private void backup() {
    awaitPassing("the node has sent everything", this::isDrained);
    scheduler.pass(50);
    server.terminateConnections(bed.database());
    server.execute("postgres", "CREATE DATABASE " + older() + " TEMPLATE " + bed.database());
    awaitAnswer();
  }

  private void restore() {
    awaitPassing("the node has sent everything", this::isDrained);
    scheduler.pass(50);
    server.execute("postgres", "DROP DATABASE " + bed.database() + " WITH (FORCE)");
    server.execute("postgres", "CREATE DATABASE " + bed.database() + " TEMPLATE " + older());
    awaitAnswer();
  }

  /** Waits until the pool has connections to the restored database. */
  private void awaitAnswer() {
    Testbed.await(
        "the database responds",
        () -> {
          try {
            return interposed.primary().engine().find(alice, "chat") != null;
          } catch (EngineFailureException brokenConnection) {
            return false;
          }
        });
  }

  private UUID history() {
    return interposed.local().engine().identity().history();
  }

  /** Advances time until the node uses the database again, in another history. */
  private void awaitNewHistory(UUID before) {
    awaitPassing(
        "another history has begun and has all", () -> !history().equals(before) && isDrained());
    assertThat(node.state().rejected()).isEmpty();
    Instant now = Instant.now();
    awaitPassing(
        "the copy has followed",
        () -> {
          Instant asOf = interposed.local().engine().identity().mirrorAsOf();
          return asOf != null && asOf.isAfter(now) && isDrained();
        });
  }

  private boolean isDrained() {
    return node.state().mode() == StoreState.Mode.ONLINE && node.state().pending().changes() == 0;
  }

  private UUID append(String text) {
    return node.append(alice, "chat", Message.user(text)).get(0).id();
  }

  private void append(int from, int to) {
    IntStream.rangeClosed(from, to).forEach(i -> append("m" + i));
  }

  private static List<String> numbered(int to) {
    return IntStream.rangeClosed(1, to).mapToObj(i -> "m" + i).toList();
  }

  private List<String> texts(ConversationStore store) {
    return store.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  /** The database, the node and the node's copy hold these once, each list in its order. */
  private void assertHeld(List<String> lost, String... others) {
    ConversationStore direct = bed.direct();
    List<String> texts = texts(direct);
    assertThat(texts).containsSubsequence(lost);
    assertThat(texts)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(lost.stream(), Stream.of(others)).toList());
    assertThat(texts(node)).isEqualTo(texts);
    bed.goDown();
    assertThat(texts(node)).isEqualTo(texts);
    assertThat(node.state().mode()).isEqualTo(StoreState.Mode.OFFLINE);
  }

  @Test
  void whatTheDatabaseLostIsNotDisplacedByAnAppend() {
    node.createIfAbsent(alice, CHAT);
    append(1, 9);
    backup();
    append(10, 12);
    UUID before = history();
    restore();
    append("own");
    assertThat(node.state().reason()).contains("went back in time");
    assertThat(texts(node)).containsAll(numbered(12)).endsWith("own");
    awaitNewHistory(before);
    assertHeld(numbered(12), "own");
  }

  @Test
  void norByWhatOthersWroteUntilTheHeaderWasAsFarAgain() {
    node.createIfAbsent(alice, CHAT);
    append(1, 9);
    backup();
    append(10, 12);
    UUID before = history();
    restore();
    for (int i = 1; i <= 5; i++) {
      bed.direct().append(alice, "chat", Message.user("other" + i));
    }
    append("own");
    assertThat(node.state().mode()).isEqualTo(StoreState.Mode.ONLINE);
    awaitNewHistory(before);
    assertHeld(numbered(12), "other1", "other2", "other3", "other4", "other5", "own");
  }

  @Test
  void norByWhatIsCommittedInTheSamePlaceByACallThatBeganBefore() {
    node.createIfAbsent(alice, CHAT);
    append(1, 9);
    backup();
    UUID before = history();
    AtomicBoolean once = new AtomicBoolean(true);
    interposed
        .primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("apply") && once.compareAndSet(true, false)) {
                append("m10");
                restoreAtOnce();
              }
            });
    append("own");
    awaitNewHistory(before);
    assertHeld(numbered(10), "own");
  }

  @Test
  void norByWhatWasPendingAndIsSent() {
    node.createIfAbsent(alice, CHAT);
    append(1, 9);
    backup();
    append(10, 12);
    UUID before = history();
    bed.goDown();
    append("own");
    assertThat(node.state().pending().changes()).isEqualTo(1);
    AtomicBoolean once = new AtomicBoolean(true);
    interposed
        .primary()
        .before(
            (method, arguments) -> {
              if (method.getName().startsWith("apply") && once.compareAndSet(true, false)) {
                restoreAtOnce();
              }
            });
    bed.comeBack();
    awaitNewHistory(before);
    assertThat(once).isFalse();
    assertHeld(numbered(12), "own");
  }

  /** The node's time does not advance: its committed states are not in its files yet. */
  private void restoreAtOnce() {
    server.execute("postgres", "DROP DATABASE " + bed.database() + " WITH (FORCE)");
    server.execute("postgres", "CREATE DATABASE " + bed.database() + " TEMPLATE " + older());
    awaitAnswer();
  }

  @Test
  void aConversationThatIsNotThereAnyMoreIsNotMadeAnew() {
    backup();
    node.createIfAbsent(alice, NewConversation.ofId("chat").withTitle("title"));
    append(1, 3);
    UUID before = history();
    restore();
    assertThat(node.createIfAbsent(alice, CHAT).title()).isEqualTo("title");
    append("own");
    awaitNewHistory(before);
    assertHeld(numbered(3), "own");
  }

  @Test
  void anAppendToAConversationThatIsNotThereAnyMoreIsTaken() {
    backup();
    node.createIfAbsent(alice, CHAT);
    append(1, 3);
    UUID before = history();
    restore();
    append("own");
    awaitNewHistory(before);
    assertHeld(numbered(3), "own");
  }

  @Test
  void anAppendToALaterGenerationThanIsThereIsTaken() {
    node.createIfAbsent(alice, CHAT);
    append("of the first");
    backup();
    node.delete(alice, "chat");
    node.createIfAbsent(alice, CHAT);
    append(1, 3);
    UUID before = history();
    restore();
    append("own");
    awaitNewHistory(before);
    assertHeld(numbered(3), "own");
    assertThat(node.find(alice, "chat").orElseThrow().generation()).isEqualTo(2);
  }

  @Test
  void editsFieldsAndPreferencesAreKept() {
    node.createIfAbsent(alice, CHAT);
    append(1, 2);
    backup();
    UUID lost = append("m3");
    node.update(alice, "chat", ConversationUpdate.touch().withTitle("lost").withPinned(true));
    node.updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("lost"));
    UUID before = history();
    restore();
    node.edit(alice, "chat", lost, MessageEdit.text("edited"));
    node.update(alice, "chat", ConversationUpdate.touch().withTitle("own"));
    awaitNewHistory(before);
    assertThat(node.find(alice, "chat").orElseThrow().title()).isEqualTo("own");
    assertThat(bed.direct().find(alice, "chat").orElseThrow().pinned()).isTrue();
    assertThat(bed.direct().preferences(alice).selectedModel()).isEqualTo("lost");
    assertHeld(List.of("m1", "m2", "edited"));
  }

  @Test
  void preferencesAreNotDisplaced() {
    node.createIfAbsent(alice, CHAT);
    backup();
    node.updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("chat"));
    UUID before = history();
    restore();
    node.updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("own"));
    awaitNewHistory(before);
    assertThat(bed.direct().preferences(alice).selectedModel()).isEqualTo("own");
    assertThat(bed.direct().preferences(alice).activeConversation()).isEqualTo("chat");
  }

  @Test
  void whatIsDeletedAndWasNotThereStaysDeleted() {
    node.createIfAbsent(alice, CHAT);
    append(1, 2);
    backup();
    node.createIfAbsent(alice, NewConversation.ofId("lost"));
    UUID lost = append("m3");
    UUID before = history();
    restore();
    List<Boolean> deleted = new ArrayList<>();
    deleted.add(node.deleteMessage(alice, "chat", lost));
    deleted.add(node.delete(alice, "lost"));
    assertThat(deleted).containsExactly(true, true);
    awaitNewHistory(before);
    assertThat(bed.direct().find(alice, "lost")).isEmpty();
    assertHeld(numbered(2));
  }

  @Test
  void aConversationIsDeletedThatIsNotThereAnyMore() {
    backup();
    node.createIfAbsent(alice, CHAT);
    UUID before = history();
    restore();
    assertThat(node.delete(alice, "chat")).isTrue();
    awaitNewHistory(before);
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
  }

  @Test
  void anErasureTakesWhatTheDatabaseLostAsWell() {
    node.createIfAbsent(alice, CHAT);
    backup();
    node.erase(alice);
    node.createIfAbsent(alice, CHAT);
    append("of the second epoch");
    UUID before = history();
    restore();
    node.erase(alice);
    node.createIfAbsent(alice, CHAT);
    append("own");
    awaitNewHistory(before);
    assertHeld(List.of("own"));
  }
}
