package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.LaterLibrary;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.ConversationState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The identity of node, database and schema. */
class HybridIdentityTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");
  private static final String SCHEMA = "conversation_store";

  /** The schema and its creator are part of the test. */
  @Override
  Testbed makeBed() {
    return new Testbed(server);
  }

  private List<String> texts(ConversationStore store) {
    return store.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  private long number(String sql) {
    try (Connection connection = server.dataSource(bed.database()).getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** A node with a conversation in the database and a pending message for it. */
  private ConversationStore nodeWithPending() {
    ConversationStore node = bed.node("a");
    Testbed.awaitDrained(node);
    node.createIfAbsent(alice, CHAT);
    node.append(alice, "chat", Message.user("sent"));
    bed.goDown(node);
    node.append(alice, "chat", Message.user("pending"));
    return node;
  }

  private static void awaitReason(ConversationStore node, String part) {
    Testbed.await(
        "the state says " + part,
        () ->
            node.state().mode() == StoreState.Mode.OFFLINE && node.state().reason().contains(part));
  }

  @Test
  void row_1_4_aCopiedDirectoryIsAnotherNode() {
    nodeWithPending().close();
    TestDirectories.copy(bed.directory("a"), bed.directory("copy"));
    bed.comeBack();
    Testbed.Interposition a = bed.interposed("a", HybridOptions.defaults());
    Testbed.awaitDrained(a.store());
    Testbed.Interposition copy = bed.interposed("copy", HybridOptions.defaults());
    Testbed.awaitDrained(copy.store());
    assertThat(copy.local().engine().identity().node())
        .isNotEqualTo(a.local().engine().identity().node());
    assertThat(number("SELECT count(*) FROM conversation_store.nodes")).isEqualTo(2);
    assertThat(texts(bed.direct())).containsExactly("sent", "pending");
    copy.store().append(alice, "chat", Message.user("of the copy"));
    a.store().append(alice, "chat", Message.user("of the first"));
    copy.store().close();
    a.store().close();
    // The copy was counted as the first one, which therefore finds out too; afterwards both keep
    // their ids.
    for (int i = 0; i < 2; i++) {
      ConversationStore first = bed.node("a");
      ConversationStore second = bed.node("copy");
      Testbed.awaitDrained(first);
      Testbed.awaitDrained(second);
      first.close();
      second.close();
      assertThat(number("SELECT count(*) FROM conversation_store.nodes")).isEqualTo(3);
    }
    assertThat(texts(bed.direct()))
        .containsExactly("sent", "pending", "of the copy", "of the first");
  }

  @Test
  void row_5_7_whatWasDeletedAndPurgedWhileANodeWasAwayIsNotShown() {
    ConversationStore node = bed.node("a");
    node.create(alice, NewConversation.ofId("gone"));
    node.create(alice, NewConversation.ofId("stays"));
    node.close();
    ConversationState live;
    try (LocalStore files = JsonFileStore.openEngine(bed.files("a"))) {
      live = files.find(alice, "gone").conversation();
    }
    bed.direct().delete(alice, "gone");
    assertThat(number("SELECT conversation_store.purge_deleted('0 seconds')")).isEqualTo(1);
    ConversationStore again = bed.node("a");
    Testbed.await("the copy follows", () -> again.state().mirror().asOf() != null);
    again.close();
    // The state of its copy if it had been away since before.
    try (LocalStore files = JsonFileStore.openEngine(bed.files("a"))) {
      FeedPosition position = files.identity().position();
      files.resetMirror(false);
      files.mirror(List.of(live), position, Instant.now().minus(Duration.ofDays(40)));
    }
    ConversationStore back = bed.node("a");
    Testbed.await("the copy is whole", () -> isWithin(back.state().mirror().asOf()));
    bed.goDown(back);
    assertThatThrownBy(() -> back.find(alice, "gone"))
        .isInstanceOf(UnknownWhileOfflineException.class);
    assertThat(back.list(alice, ConversationQuery.all()).items())
        .extracting(Conversation::id)
        .containsExactly("stays");
  }

  private static boolean isWithin(Instant asOf) {
    return asOf != null && asOf.isAfter(Instant.now().minus(Duration.ofDays(1)));
  }

  @Test
  void row_1_4_anotherDatabaseInThePlaceOfThisOneIsNotUsed() {
    ConversationStore node = nodeWithPending();
    server.execute(bed.database(), "DROP SCHEMA " + SCHEMA + " CASCADE");
    bed.comeBack();
    awaitReason(node, "give the node the right database or a directory of its own");
    assertThat(node.state().pending().changes()).isEqualTo(1);
    assertThat(texts(node)).containsExactly("sent", "pending");
    assertThat(bed.direct().find(alice, "chat")).isEmpty();
  }

  @Test
  void row_1_8_aSchemaOfALaterVersionIsNotUsedUntilItFits() {
    ConversationStore node = nodeWithPending();
    long version = number("SELECT schema_version FROM conversation_store.store");
    server.execute(bed.database(), "UPDATE conversation_store.store SET schema_version = 99");
    bed.comeBack();
    awaitReason(node, "is at version 99, but this library supports up to " + version);
    assertThat(node.state().pending().changes()).isEqualTo(1);
    assertThat(texts(node)).containsExactly("sent", "pending");
    server.execute(
        bed.database(), "UPDATE conversation_store.store SET schema_version = " + version);
    Testbed.awaitDrained(node);
    assertThat(texts(bed.direct())).containsExactly("sent", "pending");
  }

  @Test
  void row_1_8_aSchemaOfAnEarlierVersionIsMigratedBeforeAnythingIsSent() {
    nodeWithPending().close();
    bed.comeBack();
    ConversationStore node = ofLaterLibrary(bed.proxy().jdbcUrl(bed.database()), true);
    Testbed.awaitDrained(node);
    assertThat(number("SELECT schema_version FROM conversation_store.store")).isEqualTo(2);
    assertThat(inTheDatabase()).containsExactly("sent", "pending");
  }

  @Test
  void row_1_8_aSchemaThatTheNodeMayNotMigrateIsUsedWhenSomebodyHas() {
    nodeWithPending().close();
    bed.comeBack();
    ConversationStore node = ofLaterLibrary(bed.proxy().jdbcUrl(bed.database()), false);
    awaitReason(node, "is at version 1, but version 2 is needed");
    assertThat(node.state().pending().changes()).isEqualTo(1);
    assertThat(texts(node)).containsExactly("sent", "pending");
    // Opening with the owner's role migrates the schema.
    LaterLibrary.open(login(server.jdbcUrl(bed.database()))).close();
    Testbed.awaitDrained(node);
    assertThat(inTheDatabase()).containsExactly("sent", "pending");
  }

  private PostgresOptions login(String url) {
    return PostgresOptions.url(url).withLogin(server.user(), server.password());
  }

  /** The node with the pending changes, restarted with a library that needs version 2. */
  private ConversationStore ofLaterLibrary(String url, boolean mayMigrate) {
    return bed.kept(
        HybridStore.over(
            LaterLibrary.openEngine(login(url).withMigration(mayMigrate)),
            JsonFileStore.openEngine(bed.files("a")),
            HybridOptions.defaults()));
  }

  private List<String> inTheDatabase() {
    return texts(bed.kept(LaterLibrary.open(login(server.jdbcUrl(bed.database())))));
  }
}
