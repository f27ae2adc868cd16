package io.conversationstore.hybrid.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows absent for valid reasons are not reported as missing. */
class RecentCommitsTest {

  private final Owner alice = Owner.of("acme", "alice");
  private final RecentCommits recentCommits = new RecentCommits(() -> this.nanos);
  private TestPostgres server;
  private long nanos;
  private String database;
  private ConversationStore store;
  private PrimaryStore engine;

  @BeforeEach
  void open() {
    server = TestPostgres.shared();
    database = server.createDatabase();
    PostgresOptions options =
        PostgresOptions.url(server.jdbcUrl(database))
            .withLogin(server.user(), server.password())
            .withPoolSize(0, 2);
    store = PostgresStore.open(options);
    engine = PostgresStore.openEngine(options);
    store.createIfAbsent(alice, NewConversation.ofId("kept"));
    store.createIfAbsent(alice, NewConversation.ofId("deleted"));
    store.append(alice, "deleted", Message.user("in a conversation that goes"));
    follow();
  }

  @AfterEach
  void close() {
    engine.close();
    store.close();
  }

  private void follow() {
    recentCommits.add(engine.feed(FeedPosition.START, 1_000).states());
  }

  @Test
  void whatWasDeletedAndIsGoneForGoodIsNotMissed() {
    UUID message = store.append(alice, "kept", Message.user("goes")).get(0).id();
    follow();
    assertThat(recentCommits.isMissingIn(engine, true)).isFalse();
    store.deleteMessage(alice, "kept", message);
    store.delete(alice, "deleted");
    follow();
    server.execute(database, "SELECT conversation_store.purge_deleted(interval '0')");
    assertThat(engine.find(alice, "deleted").conversation()).isNull();
    assertThat(engine.message(alice, "kept", message)).isEmpty();
    assertThat(recentCommits.isMissingIn(engine, true)).isFalse();
  }

  @Test
  void whatIsErasedBetweenTwoQuestionsIsNotMissed() {
    PrimaryStore erasing =
        (PrimaryStore)
            Proxy.newProxyInstance(
                PrimaryStore.class.getClassLoader(),
                new Class<?>[] {PrimaryStore.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("message")) {
                    store.erase(alice);
                  }
                  return method.invoke(engine, arguments);
                });
    assertThat(recentCommits.isMissingIn(erasing, true)).isFalse();
  }

  @Test
  void whatWasErasedIsNotMissed() {
    store.erase(alice);
    assertThat(recentCommits.isMissingIn(engine, true)).isFalse();
  }

  /** For example if the copy was never complete. */
  @Test
  void whatThisProcessSawIsMissedAlsoWhereTheCopyHasNotFollowed() {
    store.append(alice, "kept", Message.user("lost"));
    follow();
    server.execute(
        database,
        "SET conversation_store.allow_delete = on; DELETE FROM conversation_store.messages;"
            + " UPDATE conversation_store.conversations SET last_seq = 0, message_count = 0");
    assertThat(recentCommits.isMissingIn(engine, false)).isTrue();
    nanos += Duration.ofDays(30).toNanos();
    assertThat(recentCommits.isMissingIn(engine, false))
        .as("so long ago that it may be gone")
        .isFalse();
    assertThat(recentCommits.isMissingIn(engine, true)).isTrue();
  }

  /** The process may have been away for so long that the copy lacks deletes. */
  @Test
  void whatIsLostIsMissedByACopyThatLacksDeletesUnlessItMayBeGoneForGood() {
    store.append(alice, "kept", Message.user("raises the version"));
    recentCommits.add(engine.feed(FeedPosition.START, 1_000).states());
    nanos += Duration.ofDays(30).toNanos();
    store.delete(alice, "deleted");
    server.execute(database, "SELECT conversation_store.purge_deleted(interval '0')");
    assertThat(recentCommits.isMissingIn(engine, false)).as("a purged conversation").isFalse();
    server.execute(database, "UPDATE conversation_store.conversations SET version = version - 1");
    assertThat(recentCommits.isMissingIn(engine, false)).as("an earlier version").isTrue();
  }

  @Test
  void aLostConversationThatIsKnownAsDeletedIsMissedUnlessItWasPurged() {
    store.delete(alice, "deleted");
    follow();
    assertThat(recentCommits.isMissingIn(engine, true)).isFalse();
    server.execute(
        database,
        "SET conversation_store.allow_delete = on; DELETE FROM conversation_store.messages;"
            + " DELETE FROM conversation_store.conversations WHERE conversation_id = 'deleted'");
    assertThat(recentCommits.isMissingIn(engine, true)).isTrue();
  }

  @Test
  void aLostConversationIsMissedByACopyThatLacksDeletes() {
    nanos += Duration.ofDays(30).toNanos();
    assertThat(recentCommits.isMissingIn(engine, false)).isFalse();
    server.execute(
        database,
        "SET conversation_store.allow_delete = on; DELETE FROM conversation_store.messages;"
            + " DELETE FROM conversation_store.conversations");
    assertThat(recentCommits.isMissingIn(engine, false)).isTrue();
  }

  @Test
  void whatIsLostIsMissed() {
    store.append(alice, "kept", Message.user("lost"));
    follow();
    server.execute(
        database,
        "SET conversation_store.allow_delete = on; DELETE FROM conversation_store.messages;"
            + " UPDATE conversation_store.conversations SET last_seq = 0, message_count = 0");
    assertThat(recentCommits.isMissingIn(engine, true)).isTrue();
  }
}
