package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Functions and operators that somebody else made are not used in place of PostgreSQL's own. */
class SearchPathTest {

  private final Databases databases = Databases.create();

  /** Sessions look into a schema of somebody's first, and {@code public} has a better fit. */
  @BeforeEach
  void prepare() throws SQLException {
    databases.text(
        """
        CREATE SCHEMA trap;
        CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
          $$ SELECT timestamptz '2999-01-01' $$;
        CREATE FUNCTION public.sprung(uuid[], uuid) RETURNS uuid[] LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'a trap was sprung'; END $$;
        CREATE OPERATOR public.|| (FUNCTION = public.sprung, LEFTARG = uuid[], RIGHTARG = uuid);
        """);
    databases.text(
        "ALTER DATABASE \"" + databases.name + "\" SET search_path = trap, pg_catalog, public");
    assertThat(databases.text("SELECT clock_timestamp()")).startsWith("2999");
  }

  @Test
  void theStoresOwnSessionsLookNowhereElse() {
    Instant before = Instant.now().minus(Duration.ofHours(1));
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(ALICE, NewConversation.ofId("c"));
      store.append(ALICE, "c", Message.user("a"));
      store.update(ALICE, "c", ConversationUpdate.touch());
      assertThat(store.find(ALICE, "c").orElseThrow().updatedAt())
          .isBetween(before, before.plus(Duration.ofHours(2)));
      store.erase(ALICE);
    }
  }

  @Test
  void whatAnOperatorCallsLooksNowhereElse() throws SQLException {
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(ALICE, NewConversation.ofId("c"));
      store.append(ALICE, "c", Message.user("a"));
      assertThat(databases.text("SELECT conversation_store.delete_old_conversations()"))
          .isEqualTo("0");
      store.delete(ALICE, "c");
      assertThat(databases.text("SELECT conversation_store.purge_deleted()")).isEqualTo("0");
      assertThat(databases.text("SELECT conversation_store.purge_deleted('-1 hour')"))
          .isEqualTo("2");
    }
  }

  /** Whoever adds a function decides: for people, and so among these, or for the store alone. */
  @Test
  void everyFunctionForOthersHasAPathOfItsOwn() throws SQLException {
    PostgresStore.open(databases.options()).close();
    assertThat(
            databases.text(
                "SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p"
                    + " WHERE p.pronamespace = 'conversation_store'::regnamespace"
                    + " AND p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']"))
        .isEqualTo(
            "append_messages append_new append_or_create append_plain create_conversation"
                + " delete_conversation delete_message"
                + " edit_message erase_owner forget_search_tokens landing misfit put_preferences"
                + " record_join refuse_bare_delete remember shared_owner update_conversation");
  }
}
