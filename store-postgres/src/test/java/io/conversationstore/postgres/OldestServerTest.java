package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** PostgreSQL 14 takes each statement; {@link OldestServerContractIT} shows that all rules hold. */
class OldestServerTest {

  @Test
  void eachStatementRunsOnPostgres14() {
    try (TestPostgres server = OldestServer.start()) {
      assertThat(server.version()).startsWith("14.");
      Databases database = Databases.on(server);
      try (ConversationStore store = PostgresStore.open(database.options());
          PrimaryStore engine = PostgresStore.openEngine(database.options())) {
        store.create(ALICE, NewConversation.ofId("c").withTags("t"));
        List<StoredMessage> turn =
            store.append(ALICE, "c", Message.user("apple"), Message.assistant("pear"));
        assertThat(store.edit(ALICE, "c", turn.get(1).id(), MessageEdit.text("plum")).text())
            .isEqualTo("plum");
        assertThat(store.last(ALICE, "c", 20)).hasSize(2);
        assertThat(store.history(ALICE, MessageQuery.first(20)).items()).hasSize(2);
        assertThat(store.search(ALICE, SearchQuery.of("apple")).items()).hasSize(1);
        assertThat(store.list(ALICE, ConversationQuery.all().withTag("t")).items()).hasSize(1);
        store.updatePreferences(ALICE, PreferencesUpdate.none().withActiveConversation("c"));
        assertThat(store.deleteMessage(ALICE, "c", turn.get(0).id())).isTrue();
        assertThat(store.operator().statistics(null).messagesToday()).isEqualTo(1);
        assertThat(store.operator().deleteMessagesOlderThan(Duration.ofDays(1))).isZero();
        assertThat(store.operator().health().healthy()).isTrue();
        assertThat(engine.feed(FeedPosition.START, 100).states()).hasSize(5);
        assertThat(store.delete(ALICE, "c")).isTrue();
        assertThat(store.erase(ALICE).removed()).hasSize(1);
      }
    }
  }
}
