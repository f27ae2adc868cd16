package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A row that no reader takes, as foreign SQL or another version wrote it, keeps no other. */
class FeedUnreadableTest {

  private static final Owner OWNER = Owner.of("acme", "feed");

  /** Deeper than any reader goes. */
  private static final String DEEP =
      "('{\"k\":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb";

  private final Databases databases = Databases.create();
  private PrimaryStore engine;

  @BeforeEach
  void open() {
    engine = PostgresStore.openEngine(databases.options());
    for (String id : List.of("a", "b")) {
      engine.apply(
          new Change.ConversationCreated(stamp(OWNER), NewConversation.ofId(id), false),
          ApplyMode.LIVE);
      for (int i = 0; i < 3; i++) {
        engine.apply(
            new Change.MessagesAppended(
                stamp(OWNER),
                ConversationRef.live(id),
                List.of(NewMessage.of(UUID.randomUUID(), Message.user("text " + i))),
                AppendCondition.always(),
                false),
            ApplyMode.LIVE);
      }
    }
    engine.apply(
        new Change.PreferencesPut(
            stamp(OWNER), PreferencesUpdate.none().withSelectedModel("m"), ConversationRef.LIVE),
        ApplyMode.LIVE);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static List<FeedPage> followed(PrimaryStore engine, int limit) {
    List<FeedPage> pages = new ArrayList<>();
    FeedPosition position = FeedPosition.START;
    FeedPage page;
    do {
      page = engine.feed(position, limit);
      pages.add(page);
      position = page.next();
    } while (page.more());
    return pages;
  }

  private void update(String sql) throws SQLException {
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void aMessageThatCannotBeReadIsNamedAndAllOthersAreTold() throws SQLException {
    update(
        "UPDATE conversation_store.messages SET metadata = "
            + DEEP
            + " WHERE content = 'text 1'"
            + " AND conversation_key = (SELECT conversation_key FROM"
            + " conversation_store.conversations WHERE conversation_id = 'a')");
    for (int limit : new int[] {1, 3, 100}) {
      List<FeedPage> pages = followed(engine, limit);
      List<State> states = pages.stream().flatMap(page -> page.states().stream()).toList();
      assertThat(states).filteredOn(MessageState.class::isInstance).hasSize(5);
      assertThat(pages.stream().flatMap(page -> page.unreadable().stream()))
          .singleElement()
          .satisfies(
              row -> {
                assertThat(row.place()).startsWith("messages, conversation_key ").contains("seq 2");
                assertThat(row.place()).doesNotContain("text").doesNotContain("[");
                assertThat(row.owner()).isEqualTo(OWNER);
                assertThat(row.conversationId()).isEqualTo("a");
                assertThat(row.generation()).isEqualTo(1);
              });
    }
  }

  @Test
  void aConversationThatCannotBeReadIsNamedWithItsMessages() throws SQLException {
    update(
        "UPDATE conversation_store.conversations SET settings = "
            + DEEP
            + " WHERE conversation_id = 'a'");
    List<FeedPage> pages = followed(engine, 2);
    List<State> states = pages.stream().flatMap(page -> page.states().stream()).toList();
    assertThat(states)
        .filteredOn(ConversationState.class::isInstance)
        .allSatisfy(state -> assertThat(((ConversationState) state).id()).isEqualTo("b"));
    assertThat(states).filteredOn(MessageState.class::isInstance).hasSize(3);
    assertThat(states).filteredOn(State.PreferencesState.class::isInstance).hasSize(1);
    assertThat(pages.stream().flatMap(page -> page.unreadable().stream()))
        .hasSize(4)
        .allSatisfy(row -> assertThat(row.conversationId()).isEqualTo("a"));
  }
}
