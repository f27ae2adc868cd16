package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoredMessage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A trigger of the application refuses one message: the database fails for that change alone. */
class HybridRefusalTest extends OnTestbed {

  /** Refuses a message with the text "refused", with the SQL state that is filled in. */
  static final String TRIGGER =
      """
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.content = 'refused' THEN
          RAISE EXCEPTION 'not this one' USING ERRCODE = '%s';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON conversation_store.messages
        FOR EACH ROW EXECUTE FUNCTION refuse()\
      """;

  private List<String> texts(ConversationStore store, String id) {
    return store.last(alice, id, 100).stream().map(StoredMessage::text).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"P0001", "XX000", "0A000", "42501", "42P01"})
  void aChangeThatTheDatabaseRefusesKeepsNoOtherWaitingAndIsParked(String sqlState) {
    ConversationStore store = bed.node("a");
    ConversationStore direct = bed.direct();
    for (String id : List.of("bad", "good", "fine", "bad 2", "bad 3", "bad 4")) {
      store.createIfAbsent(alice, NewConversation.ofId(id));
    }
    Testbed.awaitDrained(store);
    server.execute(bed.database(), TRIGGER.formatted(sqlState));
    bed.goDown(store);
    for (String id : List.of("bad 2", "bad 3", "bad 4", "bad")) {
      store.append(alice, id, Message.user("refused"));
    }
    for (int i = 0; i < 5; i++) {
      store.append(alice, "bad", Message.user("after " + i));
      store.append(alice, "good", Message.user("good " + i));
      store.append(alice, "fine", Message.user("fine " + i));
    }
    bed.comeBack();
    Testbed.await("the changes are parked", () -> store.operator().parked().size() == 4);
    Testbed.awaitDrained(store);

    assertThat(texts(direct, "good"))
        .containsExactly("good 0", "good 1", "good 2", "good 3", "good 4");
    assertThat(texts(direct, "fine")).hasSize(5);
    assertThat(texts(direct, "bad"))
        .containsExactly("after 0", "after 1", "after 2", "after 3", "after 4");
    assertThat(store.operator().parked())
        .allSatisfy(
            parked -> {
              assertThat(parked.rejected().conversationId()).startsWith("bad");
              assertThat(parked.rejected().reason()).contains(sqlState).doesNotContain("refused\"");
            });
  }

  /** The conversation refuses the append, and the record that its create has joined. */
  @Test
  void aConversationThatRefusesEveryChangeKeepsNoOtherWaiting() {
    ConversationStore direct = bed.direct();
    direct.createIfAbsent(alice, NewConversation.ofId("bad"));
    server.execute(
        bed.database(),
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            + " BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0001'; END $$;"
            + " CREATE TRIGGER refuse BEFORE UPDATE ON conversation_store.conversations"
            + " FOR EACH ROW WHEN (NEW.conversation_id = 'bad') EXECUTE FUNCTION public.refuse()");
    bed.goDown();
    ConversationStore store = bed.node("empty");
    store.append(alice, NewConversation.ofId("bad"), Message.user("refused"));
    store.append(alice, NewConversation.ofId("good"), Message.user("good"));
    bed.comeBack();
    Testbed.await("the change is parked", () -> store.operator().parked().size() == 1);
    Testbed.awaitDrained(store);
    assertThat(texts(direct, "good")).containsExactly("good");
    assertThat(texts(direct, "bad")).isEmpty();
  }
}
