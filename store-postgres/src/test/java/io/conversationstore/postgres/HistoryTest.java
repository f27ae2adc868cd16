package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.PrimaryStore;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The history that cursors and feed positions belong to, and what it tells a node that returns. */
class HistoryTest {

  private static final Owner OWNER = Owner.of("acme", "alice");

  @Test
  void ofSeveralNodesOneBeginsAHistoryAndTheOthersJoin() {
    try (PrimaryStore engine = PostgresStore.openEngine(Databases.create().options())) {
      UUID first = engine.handshake(UUID.randomUUID()).history();
      UUID second = engine.beginHistory(first, UUID.randomUUID());
      assertThat(second).isNotEqualTo(first);
      assertThat(engine.beginHistory(first, UUID.randomUUID())).isEqualTo(second);
      assertThat(engine.handshake(UUID.randomUUID()).history()).isEqualTo(second);
    }
  }

  @Test
  void aPositionOfAnotherHistoryOrAheadOfTheDatabaseIsVoid() {
    try (PrimaryStore engine = PostgresStore.openEngine(Databases.create().options())) {
      UUID history = engine.handshake(UUID.randomUUID()).history();
      FeedPosition position = engine.feed(FeedPosition.START, 10).next();
      assertThat(engine.feed(position, 10).states()).isEmpty();
      FeedPosition ahead =
          new FeedPosition(position.token().replaceFirst("^[0-9]+", "999999999999"));
      assertThatThrownBy(() -> engine.feed(ahead, 10)).isInstanceOf(CursorExpiredException.class);
      engine.beginHistory(history, UUID.randomUUID());
      assertThatThrownBy(() -> engine.feed(position, 10))
          .isInstanceOf(CursorExpiredException.class);
      assertThat(engine.feed(FeedPosition.START, 10).states()).isEmpty();
    }
  }

  /** As pg_restore leaves them where the first cluster had come further than this one. */
  @Test
  void rowsOfAnotherClusterAreNoticedAndToldOnceTheyAreAdopted() throws Exception {
    Databases databases = Databases.create();
    UUID node = UUID.randomUUID();
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      try (ConversationStore store = PostgresStore.open(databases.options())) {
        store.create(OWNER, NewConversation.ofId("c"));
        store.append(OWNER, "c", Message.user("1"), Message.user("2"), Message.user("3"));
        store.updatePreferences(OWNER, PreferencesUpdate.none().withActiveConversation("c"));
      }
      UUID first = engine.handshake(node).history();
      FeedPosition position = engine.feed(FeedPosition.START, 100).next();
      for (String table : List.of("owners", "conversations", "messages", "user_preferences")) {
        databases.text(
            "UPDATE conversation_store." + table + " SET changed_xid = '900000000000'::xid8");
        assertThatThrownBy(() -> engine.handshake(node))
            .as(table)
            .isInstanceOf(EngineFailureException.class)
            .hasMessageContaining("adopt_restored_rows");
      }
      assertThat(engine.feed(FeedPosition.START, 100).states()).isEmpty();
      String some = "SELECT conversation_store.adopt_restored_rows(4)";
      for (String rows : List.of("4", "2", "0")) {
        assertThat(databases.text(some)).isEqualTo(rows);
      }
      assertThat(engine.handshake(node).counterBefore())
          .as("a refusal counts nothing")
          .isEqualTo(1);
      assertThat(engine.handshake(node).history()).isNotEqualTo(first);
      assertThat(engine.feed(FeedPosition.START, 100).states()).hasSize(6);
      assertThatThrownBy(() -> engine.feed(position, 100))
          .isInstanceOf(CursorExpiredException.class);
    }
  }

  @Test
  void erasuresAreRememberedWithTheirTimes() {
    try (PrimaryStore engine = PostgresStore.openEngine(Databases.create().options())) {
      UUID node = UUID.randomUUID();
      Instant before = engine.handshake(node).databaseTime();
      UUID id = UUID.randomUUID();
      ChangeStamp stamp =
          new ChangeStamp(id, OWNER, ChangeStamp.PRESENT_EPOCH, Instant.now(), node);
      engine.apply(new Change.OwnerErased(stamp), ApplyMode.LIVE);
      Instant after = engine.handshake(node).databaseTime();
      assertThat(engine.erasuresSince(before))
          .singleElement()
          .satisfies(
              found -> {
                assertThat(found.owner()).isEqualTo(OWNER);
                assertThat(found.changeId()).isEqualTo(id);
                assertThat(found.at()).isBetween(before, after);
              });
      assertThat(engine.erasuresSince(after)).isEmpty();
    }
  }
}
