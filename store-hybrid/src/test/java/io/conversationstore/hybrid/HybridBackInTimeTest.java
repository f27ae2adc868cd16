package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real server is stopped and started again on an older copy of its data directory, which changes
 * neither its system identifier nor its timeline.
 */
class HybridBackInTimeTest {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private static TestPostgres server;

  private final Owner alice = Owner.of("acme", "alice");
  private Path older;
  private Testbed bed;

  @BeforeAll
  static void startServer() {
    server = TestPostgres.builder().setting("max_prepared_transactions", "2").start();
  }

  @AfterAll
  static void closeServer() {
    server.close();
  }

  @BeforeEach
  void newBed() {
    // Beside the server's data, which is deleted with the server.
    older = server.logFile().resolveSibling("older-" + UUID.randomUUID());
    bed = Testbed.withSchema(server);
  }

  /** Drops the test's data, to keep the server small. */
  @AfterEach
  void closeBed() {
    bed.close();
    server.execute("postgres", "DROP DATABASE " + bed.database() + " WITH (FORCE)");
    if (Files.exists(older)) {
      TestDirectories.delete(older);
    }
  }

  private void backup() {
    server.stop();
    server.backup(older);
    server.restart();
  }

  private void restore() {
    server.stop();
    server.restore(older);
    server.restart();
  }

  /** A node that uses the database: its writes are online. */
  private ConversationStore open(String name) {
    ConversationStore node = bed.node(name);
    Testbed.awaitDrained(node);
    return node;
  }

  private UUID history() {
    return value("SELECT history FROM conversation_store.store", UUID.class);
  }

  private <T> T value(String sql, Class<T> type) {
    try (Connection connection = server.dataSource(bed.database()).getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return type.cast(row.getObject(1));
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  private void awaitAnotherHistory(UUID before, ConversationStore... nodes) {
    Testbed.await("a new history has begun", () -> !history().equals(before));
    for (ConversationStore node : nodes) {
      Instant now = Instant.now();
      Testbed.await("the copy has followed it", () -> isCopyAsOf(node, now));
      Testbed.awaitDrained(node);
    }
  }

  private static boolean isCopyAsOf(ConversationStore node, Instant time) {
    StoreState.Mirror mirror = node.state().mirror();
    return mirror != null && mirror.asOf() != null && mirror.asOf().isAfter(time);
  }

  private List<String> texts(ConversationStore store, String conversation) {
    return store.last(alice, conversation, 1_000).stream().map(StoredMessage::text).toList();
  }

  private UUID append(ConversationStore store, String text) {
    return store.append(alice, "chat", Message.user(text)).get(0).id();
  }

  /** All data of an owner, in the order and with the fields that users see. */
  private List<String> picture(ConversationStore store) {
    List<String> picture = new ArrayList<>();
    for (Conversation each : store.list(alice, ConversationQuery.all()).items()) {
      picture.add(
          List.of(
                  each.id(),
                  each.title(),
                  each.status(),
                  each.metadata(),
                  each.tags(),
                  each.pinned(),
                  each.createdAt(),
                  each.updatedAt(),
                  each.messageCount(),
                  each.usage())
              .toString());
      for (StoredMessage message : store.last(alice, each.id(), 1_000)) {
        picture.add(
            message.id()
                + " "
                + message.createdAt()
                + " "
                + message.editedAt()
                + " "
                + message.text());
      }
    }
    picture.add(store.count(alice) + " " + store.preferences(alice));
    return picture;
  }

  /** Database, node and the node's copy hold the same data. */
  private void assertSame(List<String> expected, ConversationStore... nodes) {
    assertThat(picture(bed.direct())).isEqualTo(expected);
    for (ConversationStore node : nodes) {
      assertThat(picture(node)).isEqualTo(expected);
      assertThat(node.state().rejected()).isEmpty();
    }
    bed.goDown();
    for (ConversationStore node : nodes) {
      Testbed.awaitFallenBack(node);
      assertThat(picture(node)).isEqualTo(expected);
    }
    bed.comeBack();
    for (ConversationStore node : nodes) {
      Testbed.awaitDrained(node);
    }
  }

  /** Writes of every kind. */
  private void writeOfAllKinds(ConversationStore node, UUID edited, UUID deleted) {
    append(node, "online 1");
    node.edit(alice, "chat", edited, MessageEdit.text("edited"));
    node.deleteMessage(alice, "chat", deleted);
    UUID both = append(node, "to be edited");
    node.edit(alice, "chat", both, MessageEdit.text("written and edited"));
    node.deleteMessage(alice, "chat", append(node, "written and deleted"));
    append(node, "online 2");
    node.update(alice, "chat", ConversationUpdate.touch().withTitle("title").withPinned(true));
    node.createIfAbsent(alice, NewConversation.ofId("later").withTitle("old title"));
    node.append(alice, "later", Message.user("l1"), Message.assistant("l2"));
    node.update(alice, "later", ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED));
    node.delete(alice, "gone");
    node.createIfAbsent(alice, NewConversation.ofId("brief"));
    node.append(alice, "brief", Message.user("brief"));
    node.delete(alice, "brief");
    node.createIfAbsent(alice, NewConversation.ofId("again"));
    node.delete(alice, "again");
    node.createIfAbsent(alice, NewConversation.ofId("again"));
    node.append(alice, "again", Message.user("second generation"));
    node.updatePreferences(
        alice, PreferencesUpdate.none().withActiveConversation("later").withSelectedModel("model"));
  }

  @Test
  void row_1_4_whatADatabaseThatWentBackLostIsThereAgainOnce() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    UUID edited = append(node, "before");
    UUID deleted = append(node, "before, deleted later");
    node.createIfAbsent(alice, NewConversation.ofId("gone"));
    backup();
    Testbed.awaitDrained(node);
    writeOfAllKinds(node, edited, deleted);
    List<String> expected = picture(bed.direct());
    Cursor cursor = node.messages(alice, "chat", MessageQuery.first(1)).cursor();
    UUID before = history();

    restore();
    awaitAnotherHistory(before, node);
    assertSame(expected, node);
    assertThatThrownBy(() -> node.messages(alice, "chat", MessageQuery.first(1).withCursor(cursor)))
        .isInstanceOf(CursorExpiredException.class);
    append(node, "in the new history");
    assertThat(texts(bed.direct(), "chat")).endsWith("online 2", "in the new history");
    assertThat(bed.direct().find(alice, "again").orElseThrow().generation()).isEqualTo(2);
  }

  @Test
  void row_1_4_whatTheCounterCannotTellIsToldByWhatTheNodeSawCommitted() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    append(node, "before");
    backup();
    Testbed.awaitDrained(node);
    append(node, "after");
    UUID before = history();
    long counter = value("SELECT counter FROM conversation_store.nodes", Long.class);

    bed.goDown();
    restore();
    // As if the node's last contact was before the copy was made.
    server.execute(bed.database(), "UPDATE conversation_store.nodes SET counter = " + counter);
    bed.comeBack();
    awaitAnotherHistory(before, node);
    assertThat(texts(bed.direct(), "chat")).containsExactly("before", "after");
  }

  /** The copy is empty then, and pending changes have not been sent. */
  @Test
  void row_1_4_callsGoOnWhileTheCopyIsBuiltAnewBehindPendingChanges() {
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean hold = new AtomicBoolean();
    Testbed.Interposition a = bed.interposed("a", HybridOptions.defaults());
    a.primary()
        .before(
            (method, arguments) -> {
              if (hold.get() && method.getName().equals("feed")) {
                Testbed.pass(goOn);
              }
            });
    // Before the drain takes a lock that the calls of this test need.
    a.local()
        .before(
            (method, arguments) -> {
              if (hold.get()
                  && method.getName().equals("pending")
                  && arguments[0] instanceof Integer) {
                Testbed.pass(goOn);
              }
            });
    ConversationStore node = a.store();
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    UUID first = append(node, "before");
    backup();
    Testbed.awaitDrained(node);
    append(node, "after");
    bed.goDown(node);
    append(node, "pending");
    restore();
    hold.set(true);
    bed.comeBack();
    try {
      Testbed.await(
          "the database is in use", () -> node.state().mode() == StoreState.Mode.RESYNCING);
      assertThat(node.state().mirror().asOf()).as("the copy has been emptied").isNull();
      append(node, "meanwhile");
      node.edit(alice, "chat", first, MessageEdit.text("edited"));
      assertThat(texts(node, "chat")).containsExactly("edited", "after", "pending", "meanwhile");
    } finally {
      goOn.countDown();
    }
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct(), "chat"))
        .containsExactly("edited", "after", "pending", "meanwhile");
  }

  /** A transaction left prepared keeps the copy's time unknown. */
  private void leavePrepared() {
    server.execute(
        bed.database(),
        "BEGIN; CREATE TABLE left_prepared (); PREPARE TRANSACTION 'left prepared'");
    server.execute(bed.database(), "CREATE TABLE later ()");
  }

  private void endPrepared() {
    server.execute(bed.database(), "ROLLBACK PREPARED 'left prepared'");
  }

  @Test
  void row_1_4_whatThisNodeCommittedIsAskedForAlsoWhereItsCopyWasNeverComplete() {
    leavePrepared();
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    append(node, "before");
    backup();
    Testbed.awaitDrained(node);
    append(node, "1");
    append(node, "2");
    assertThat(node.state().mirror().asOf()).isNull();
    UUID before = history();
    long counter = value("SELECT counter FROM conversation_store.nodes", Long.class);
    bed.goDown(node);
    append(node, "3");
    restore();
    server.execute(bed.database(), "UPDATE conversation_store.nodes SET counter = " + counter);
    bed.comeBack();
    Testbed.await("a new history has begun", () -> !history().equals(before));
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct(), "chat")).containsExactly("before", "1", "2", "3");
    endPrepared();
  }

  @Test
  void row_1_4_aCopyThatWasNeverCompleteIsComparedAfterARestartToo() {
    leavePrepared();
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    append(node, "before");
    backup();
    Testbed.awaitDrained(node);
    append(node, "after");
    UUID before = history();
    long counter = value("SELECT counter FROM conversation_store.nodes", Long.class);
    node.close();
    restore();
    server.execute(bed.database(), "UPDATE conversation_store.nodes SET counter = " + counter);
    ConversationStore again = bed.node("a");
    Testbed.await("a new history has begun", () -> !history().equals(before));
    Testbed.awaitDrained(again);
    assertThat(texts(bed.direct(), "chat")).containsExactly("before", "after");
    endPrepared();
  }

  /** The evidence of the first time would be gone: others have written since. */
  @Test
  void row_1_4_whatWasNoticedIsNotForgottenWhereTheDatabaseGoesBackToBeforeTheNewHistory() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    UUID deleted = append(node, "deleted");
    append(node, "kept");
    backup();
    Testbed.awaitDrained(node);
    node.deleteMessage(alice, "chat", deleted);
    UUID before = history();
    long counter = value("SELECT counter FROM conversation_store.nodes", Long.class);
    bed.goDown(node);
    restore();
    FaultProxy.Cut cut =
        bed.proxy()
            .cutOn(
                statement -> isWrite(statement.sql()) && refuseOthers(), CutPoint.BEFORE_FORWARD);
    bed.comeBack();
    Testbed.await("the resend was interrupted", cut::happened);
    node.close();
    restore();
    assertThat(history()).isEqualTo(before);
    server.execute(bed.database(), "UPDATE conversation_store.nodes SET counter = " + counter);
    append(bed.direct(), "by another");
    append(bed.direct(), "by another, again");
    bed.comeBack();
    ConversationStore again = bed.node("a");
    Testbed.await("a new history has begun", () -> !history().equals(before));
    Testbed.awaitDrained(again);
    assertThat(texts(bed.direct(), "chat"))
        .containsExactly("kept", "by another", "by another, again");
  }

  /** No connection is accepted from now on. */
  private boolean refuseOthers() {
    bed.proxy().setMode(FaultProxy.Mode.REFUSE);
    return true;
  }

  /** The copy of such a node must not be treated as one of 1970, which is too old to be offered. */
  @Test
  void row_1_4_aCopyOfAnUnknownTimeIsOfferedToo() {
    leavePrepared();
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    append(node, "before");
    backup();
    Testbed.awaitDrained(node);
    for (int i = 0; i < 5; i++) {
      append(node, "after " + i);
    }
    UUID before = history();
    bed.goDown(node);
    restore();
    bed.comeBack();
    Testbed.await("a new history has begun", () -> !history().equals(before));
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct(), "chat"))
        .containsExactly("before", "after 0", "after 1", "after 2", "after 3", "after 4");
    endPrepared();
  }

  /** The copy was emptied for the first of the two histories, and the feed is held back. */
  @Test
  void row_1_4_aDatabaseThatGoesBackAgainBeforeTheCopyIsWholeLosesNothing() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    UUID edited = append(node, "before");
    UUID deleted = append(node, "before, deleted later");
    node.createIfAbsent(alice, NewConversation.ofId("gone"));
    server.execute(
        bed.database(),
        "BEGIN; CREATE TABLE left_prepared (); PREPARE TRANSACTION 'left prepared'");
    backup();
    Testbed.awaitDrained(node);
    endPrepared();
    writeOfAllKinds(node, edited, deleted);
    List<String> expected = picture(bed.direct());
    Instant now = Instant.now();
    Testbed.await("the copy has followed", () -> isCopyAsOf(node, now));

    for (int i = 0; i < 2; i++) {
      UUID before = history();
      bed.goDown(node);
      restore();
      bed.comeBack();
      Testbed.await("a new history has begun", () -> !history().equals(before));
      Testbed.awaitDrained(node);
      assertThat(node.state().mirror().asOf()).as("the feed is held back").isNull();
      assertThat(picture(bed.direct())).isEqualTo(expected);
    }
    append(node, "in the new history");
    endPrepared();
    Instant later = Instant.now();
    Testbed.await("the copy has followed", () -> isCopyAsOf(node, later));
    assertThat(texts(bed.direct(), "chat")).endsWith("online 2", "in the new history");
  }

  @Test
  void row_1_4_aServerThatOnlyRestartsBeginsNoHistory() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    append(node, "before");
    UUID before = history();
    server.kill();
    server.restart();
    Testbed.awaitDrained(node);
    append(node, "after");
    assertThat(history()).isEqualTo(before);
    assertThat(texts(bed.direct(), "chat")).containsExactly("before", "after");
  }

  @Test
  void row_1_4_whatWaitsComesAfterWhatWasSent() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    backup();
    Testbed.awaitDrained(node);
    node.delete(alice, "chat");
    node.createIfAbsent(alice, CHAT);
    append(node, "1");
    append(node, "2");
    UUID before = history();
    bed.goDown(node);
    append(node, "3");
    UUID fourth = append(node, "4");
    node.edit(alice, "chat", fourth, MessageEdit.text("4 edited"));
    restore();
    bed.comeBack();
    awaitAnotherHistory(before, node);
    assertThat(texts(bed.direct(), "chat")).containsExactly("1", "2", "3", "4 edited");
    assertThat(texts(node, "chat")).containsExactly("1", "2", "3", "4 edited");
    assertThat(node.state().rejected()).isEmpty();
  }

  @Test
  void row_1_4_generationsKeepTheirNumbersBehindAPurge() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, NewConversation.ofId("gone"));
    node.delete(alice, "gone");
    value("SELECT conversation_store.purge_deleted(interval '0')", Long.class);
    backup();
    Testbed.awaitDrained(node);
    for (String id : List.of("chat", "again")) {
      node.createIfAbsent(alice, NewConversation.ofId(id));
      node.delete(alice, "again");
    }
    node.createIfAbsent(alice, NewConversation.ofId("again"));
    append(node, "online");
    UUID before = history();
    bed.goDown(node);
    append(node, "offline");
    node.append(alice, "again", Message.user("offline"));
    restore();
    bed.comeBack();
    awaitAnotherHistory(before, node);
    assertThat(texts(bed.direct(), "chat")).containsExactly("online", "offline");
    assertThat(texts(bed.direct(), "again")).containsExactly("offline");
    assertThat(bed.direct().find(alice, "chat").orElseThrow().generation()).isEqualTo(2);
    assertThat(bed.direct().find(alice, "again").orElseThrow().generation()).isEqualTo(3);
    assertThat(node.state().rejected()).isEmpty();
  }

  @Test
  void row_1_4_theUserIsToldAndCanWorkMeanwhile() {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    backup();
    Testbed.awaitDrained(node);
    append(node, "1");
    UUID before = history();
    List<String> reasons = new ArrayList<>();
    Testbed.Interposition other = interposedThatWritesWhileOffering(reasons);
    awaitAnotherHistory(before, node, other.store());
    assertThat(reasons).isNotEmpty().allMatch(reason -> reason.contains("went back in time"));
    assertThat(texts(bed.direct(), "chat")).containsExactlyInAnyOrder("1", "own", "meanwhile");
    assertThat(texts(other.store(), "chat")).isEqualTo(texts(bed.direct(), "chat"));
  }

  private Testbed.Interposition interposedThatWritesWhileOffering(List<String> reasons) {
    Testbed.Interposition[] node = new Testbed.Interposition[1];
    node[0] =
        bed.interposed(
            "b",
            HybridOptions.defaults(),
            primary ->
                primary.before(
                    (method, arguments) -> {
                      if (method.getName().equals("erasuresSince")) {
                        reasons.add(node[0].store().state().reason());
                        if (reasons.size() == 1) {
                          append(node[0].store(), "meanwhile");
                        }
                      }
                    }),
            local -> {});
    Testbed.awaitDrained(node[0].store());
    append(node[0].store(), "own");
    restore();
    return node[0];
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 9})
  void row_1_4_aDatabaseThatFailsMeanwhileIsGivenTheRestLater(int cut) {
    ConversationStore node = open("a");
    node.createIfAbsent(alice, CHAT);
    UUID edited = append(node, "before");
    UUID deleted = append(node, "before, deleted later");
    node.createIfAbsent(alice, NewConversation.ofId("gone"));
    backup();
    Testbed.awaitDrained(node);
    writeOfAllKinds(node, edited, deleted);
    List<String> expected = picture(bed.direct());
    UUID before = history();
    bed.goDown(node);
    restore();
    AtomicInteger writes = new AtomicInteger();
    bed.proxy()
        .cutOn(
            statement -> isWrite(statement.sql()) && writes.incrementAndGet() == cut,
            cut % 2 == 0 ? CutPoint.BEFORE_FORWARD : CutPoint.AFTER_REPLY);
    bed.comeBack();
    awaitAnotherHistory(before, node);
    assertSame(expected, node);
  }

  private static boolean isWrite(String sql) {
    return Stream.of(
            "create_conversation",
            "append_messages",
            "append_plain",
            "update_conversation",
            "delete_")
        .anyMatch(sql::contains);
  }

  @Test
  void row_1_4_nodesJoinOneHistoryAndGiveWhatEachHas() {
    Testbed.Interposition a = bed.interposed("a", HybridOptions.defaults());
    Testbed.Interposition b = bed.interposed("b", HybridOptions.defaults());
    ConversationStore idle = open("idle");
    List<UUID> begun = new ArrayList<>();
    a.store().createIfAbsent(alice, CHAT);
    append(a.store(), "before");
    backup();
    Testbed.awaitDrained(a.store());
    Testbed.awaitDrained(b.store());
    Testbed.awaitDrained(idle);
    for (int i = 0; i < 20; i++) {
      append(a.store(), "a" + i);
      append(b.store(), "b" + i);
    }
    UUID before = history();
    restore();
    awaitAnotherHistory(before, a.store(), b.store(), idle);
    begun.add(a.local().engine().identity().history());
    begun.add(b.local().engine().identity().history());
    assertThat(begun).containsOnly(history()).doesNotContain(before);
    List<String> texts = texts(bed.direct(), "chat");
    assertThat(texts).hasSize(41).doesNotHaveDuplicates();
    assertThat(texts).startsWith("before").containsSubsequence(numbered("a"));
    assertThat(texts).containsSubsequence(numbered("b"));
    assertSame(picture(bed.direct()), a.store(), b.store(), idle);
  }

  private static List<String> numbered(String writer) {
    return Stream.iterate(0, i -> i + 1).limit(20).map(i -> writer + i).toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void row_5_7_whatOneNodeDeletedIsNotBroughtBackByOneThatHasNotHeardOfIt(boolean deleterFirst) {
    ConversationStore a = open("a");
    a.createIfAbsent(alice, NewConversation.ofId("kept"));
    backup();
    Testbed.awaitDrained(a);
    a.createIfAbsent(alice, CHAT);
    append(a, "in a conversation that is deleted");
    UUID message = a.append(alice, "kept", Message.user("deleted later")).get(0).id();
    a.append(alice, "kept", Message.user("stays"));
    ConversationStore b = open("b");
    Instant now = Instant.now();
    Testbed.await("b has copied all", () -> isCopyAsOf(b, now));
    b.close();
    a.delete(alice, "chat");
    a.deleteMessage(alice, "kept", message);
    UUID before = history();
    a.close();
    restore();
    ConversationStore first = bed.node(deleterFirst ? "a" : "b");
    awaitAnotherHistory(before, first);
    ConversationStore second = bed.node(deleterFirst ? "b" : "a");
    Instant opened = Instant.now();
    Testbed.await("the second has followed", () -> isCopyAsOf(second, opened));
    Testbed.awaitDrained(second);
    assertThat(texts(bed.direct(), "kept")).containsExactly("stays");
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
    assertSame(picture(bed.direct()), first, second);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void row_5_7_whatOneNodeErasedIsGoneEverywhere(boolean eraserFirst) throws IOException {
    ConversationStore a = open("a");
    a.createIfAbsent(alice, CHAT);
    append(a, "SECRET before");
    backup();
    Testbed.awaitDrained(a);
    append(a, "SECRET after");
    ConversationStore b = open("b");
    Instant now = Instant.now();
    Testbed.await("b has copied all", () -> isCopyAsOf(b, now));
    b.close();
    a.erase(alice);
    a.createIfAbsent(alice, CHAT);
    append(a, "anew");
    UUID before = history();
    a.close();
    restore();
    ConversationStore first = bed.node(eraserFirst ? "a" : "b");
    awaitAnotherHistory(before, first);
    ConversationStore second = bed.node(eraserFirst ? "b" : "a");
    Instant opened = Instant.now();
    for (ConversationStore node : List.of(first, second)) {
      Testbed.await("the copy has followed", () -> isCopyAsOf(node, opened));
      Testbed.awaitDrained(node);
    }
    assertThat(texts(bed.direct(), "chat")).containsExactly("anew");
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(1, 1));
    assertSame(picture(bed.direct()), first, second);
    for (String node : List.of("a", "b")) {
      assertNoFileHolds(bed.directory(node), "SECRET");
    }
  }

  @Test
  void row_5_7_whatWasErasedInTheNewHistoryIsNotBroughtBackByANodeOfTheOldOne() throws IOException {
    ConversationStore a = open("a");
    a.createIfAbsent(alice, CHAT);
    backup();
    Testbed.awaitDrained(a);
    a.erase(alice);
    a.createIfAbsent(alice, CHAT);
    ConversationStore b = open("b");
    append(b, "SECRET of the second epoch");
    Instant now = Instant.now();
    Testbed.await("b has copied all", () -> isCopyAsOf(b, now));
    b.close();
    a.close();
    restore();
    // An application without a copy erases the owner before any node returns.
    bed.direct().erase(alice);
    ConversationStore again = bed.node("b");
    Instant opened = Instant.now();
    Testbed.await("the copy has followed", () -> isCopyAsOf(again, opened));
    Testbed.awaitDrained(again);
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    assertNoFileHolds(bed.directory("b"), "SECRET");
  }

  @Test
  void row_5_7_whatJoinedAnotherConversationAndWasDeletedWithItDoesNotComeBack() {
    ConversationStore a = open("a");
    ConversationStore b = open("b");
    backup();
    Testbed.awaitDrained(a);
    a.createIfAbsent(alice, CHAT);
    append(a, "lost");
    Instant now = Instant.now();
    Testbed.await("b has copied all", () -> isCopyAsOf(b, now));
    UUID before = history();
    a.close();
    b.close();
    restore();
    bed.direct().createIfAbsent(alice, CHAT);
    awaitAnotherHistory(before, bed.node("a"));
    assertThat(texts(bed.direct(), "chat")).containsExactly("lost");
    bed.direct().delete(alice, "chat");
    ConversationStore second = bed.node("b");
    Instant opened = Instant.now();
    Testbed.await("the second has followed", () -> isCopyAsOf(second, opened));
    Testbed.awaitDrained(second);
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
  }

  @Test
  void row_5_7_anErasureThatWaitsCountsThoughAnEarlierOneIsMadeAgain() throws IOException {
    ConversationStore a = open("a");
    a.createIfAbsent(alice, CHAT);
    open("b").close();
    backup();
    Testbed.awaitDrained(a);
    a.erase(alice);
    a.createIfAbsent(alice, CHAT);
    append(a, "SECRET between the erasures");
    Instant now = Instant.now();
    Testbed.await("a's copy has it all", () -> isCopyAsOf(a, now));
    server.stop();
    // It has not heard of the first erasure.
    ConversationStore offline = bed.node("b");
    offline.erase(alice);
    offline.close();
    a.close();
    restore();
    ConversationStore first = bed.node("a");
    Instant opened = Instant.now();
    Testbed.await("the copy has followed", () -> isCopyAsOf(first, opened));
    assertThat(texts(bed.direct(), "chat")).containsExactly("SECRET between the erasures");
    ConversationStore second = bed.node("b");
    Instant reopened = Instant.now();
    for (ConversationStore node : List.of(first, second)) {
      Testbed.await("the copy has followed", () -> isCopyAsOf(node, reopened));
      Testbed.awaitDrained(node);
      assertThat(node.state().rejected()).isEmpty();
    }
    Instant drained = Instant.now();
    Testbed.await("the first has heard of it", () -> isCopyAsOf(first, drained));
    assertThat(bed.direct().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    for (String node : List.of("a", "b")) {
      assertNoFileHolds(bed.directory(node), "SECRET");
    }
  }

  private static void assertNoFileHolds(Path directory, String text) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(text);
      }
    }
  }
}
