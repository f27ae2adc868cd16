package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.NewConversation;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a role may not do to the schema is found before a migration begins, and said at once. */
class MigrationPrivilegesTest {

  /** Flyway takes some ten seconds to give up. */
  private static final Duration AT_ONCE = Duration.ofSeconds(5);

  private Databases databases;
  private String role;

  @BeforeEach
  void prepare() throws SQLException {
    Assumptions.assumeTrue(
        TestPostgres.shared().canControl(), "the user of this server may not create roles");
    databases = Databases.create();
    role = RestrictedRoles.create(databases);
  }

  private void assertRefused(String... words) {
    assertRefused(SchemaVersions.LIBRARY, words);
  }

  private void assertRefused(SchemaVersions versions, String... words) {
    try (PrimaryStore engine =
        PostgresStore.openEngine(RestrictedRoles.options(databases, role), versions, false)) {
      long start = System.nanoTime();
      EngineFailureException error =
          catchThrowableOfType(EngineFailureException.class, () -> engine.find(ALICE, "c"));
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
      assertThat(error.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(error).hasMessageContainingAll(words);
      assertThat(engine.health().healthy()).isFalse();
      assertThat(engine.health().checks().get(0).detail()).contains(words);
    }
  }

  private void makeSchema() {
    PostgresStore.openEngine(databases.options()).close();
  }

  @Test
  void row_4_1_aRoleThatMayCreateNoSchema() throws Exception {
    assertRefused(
        "schema conversation_store does not exist",
        "CREATE on database",
        "GRANT CREATE ON DATABASE \"" + databases.name + "\" TO \"" + role + "\"",
        "writeSchema");
    databases.text("GRANT CREATE ON DATABASE " + databases.name + " TO " + role);
    try (PrimaryStore engine = PostgresStore.openEngine(RestrictedRoles.options(databases, role))) {
      assertThat(engine.health().healthy()).as("%s", engine.health().checks()).isTrue();
    }
  }

  @Test
  void row_4_1_anEmptySchemaThatTheRoleMayNotFill() throws Exception {
    databases.text("CREATE SCHEMA conversation_store");
    databases.text("GRANT USAGE ON SCHEMA conversation_store TO " + role);
    assertRefused("CREATE on schema conversation_store", "GRANT USAGE, CREATE");
  }

  /** The names are common ones, and a schema as "public" is shared. */
  @ParameterizedTest
  @ValueSource(strings = {"conversations", "messages", "store", "owners"})
  void row_4_1_aSchemaThatHasATableOfAnotherApplicationUnderAName(String table) throws Exception {
    databases.text("CREATE SCHEMA conversation_store");
    databases.text("CREATE TABLE conversation_store." + table + " (id int)");
    databases.text("GRANT USAGE, CREATE ON SCHEMA conversation_store TO " + role);
    assertRefused(
        "schema conversation_store has a table " + table + " of another application",
        "STORAGE_SCHEMA");
    assertThat(
            databases.text(
                "SELECT count(*) FROM pg_class WHERE relkind = 'r'"
                    + " AND relnamespace = 'conversation_store'::regnamespace"))
        .as("nothing was made")
        .isEqualTo("1");
  }

  @Test
  void row_1_8_aSchemaThatIsSharedWithOtherTables() throws Exception {
    databases.text("CREATE SCHEMA conversation_store");
    databases.text("CREATE TABLE conversation_store.orders (id int)");
    databases.text("GRANT USAGE, CREATE ON SCHEMA conversation_store TO " + role);
    try (PrimaryStore engine = PostgresStore.openEngine(RestrictedRoles.options(databases, role))) {
      assertThat(engine.find(ALICE, "c").conversation()).isNull();
      assertThat(engine.health().healthy()).as("%s", engine.health().checks()).isTrue();
    }
  }

  @Test
  void theListOfTablesIsThatOfTheSchema() throws Exception {
    makeSchema();
    assertThat(
            databases.text(
                "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class"
                    + " WHERE relkind IN ('r', 'p') AND relname <> 'schema_history'"
                    + " AND relnamespace = 'conversation_store'::regnamespace"))
        .isEqualTo(String.join(",", Surroundings.TABLES));
  }

  @Test
  void row_4_1_anOlderSchemaAndARoleWithoutDdl() throws Exception {
    makeSchema();
    databases.text("SELECT conversation_store.grant_use('" + role + "')");
    assertRefused(
        MadeUpVersion.VERSIONS,
        "version 1",
        "CREATE on schema conversation_store",
        "writeSchemaUpgrade writes for version 1");
    databases.text("GRANT CREATE ON SCHEMA conversation_store TO " + role);
    assertRefused(MadeUpVersion.VERSIONS, "does not own table conversation_store.conversations");
  }

  @Test
  void row_4_1_aRoleThatMayUseTheSchemaRemembersImports() throws Exception {
    makeSchema();
    databases.text("SELECT conversation_store.grant_use('" + role + "')");
    databases.text("SELECT conversation_store.use_row_level_security(true)");
    try (PrimaryStore engine =
        PostgresStore.openEngine(
            RestrictedRoles.options(databases, role).withRowLevelSecurity(true))) {
      assertThat(engine.health().healthy()).as("%s", engine.health().checks()).isTrue();
      ChangeStamp stamp =
          new ChangeStamp(
              DerivedIds.ofTakeover(ALICE, "c", 0), ALICE, 0, Instant.EPOCH, new UUID(1, 2));
      Change takeover =
          new Change.Bulk(
              stamp,
              List.of(new Change.ConversationCreated(stamp, NewConversation.ofId("c"), false)));
      assertThat(engine.apply(takeover, ApplyMode.REPLAY).changed()).isTrue();
      assertThat(engine.apply(takeover, ApplyMode.REPLAY).dropped())
          .extracting(Applied.Dropped::reason)
          .containsExactly(Applied.TAKEN_OVER_BEFORE);
    }
  }

  @Test
  void row_4_1_aSchemaThatTheRoleMayNotUse() throws Exception {
    makeSchema();
    assertRefused("lacks privileges on schema conversation_store", "grant_use('" + role + "')");
    databases.text("GRANT USAGE ON SCHEMA conversation_store TO " + role);
    assertRefused("lacks privileges on schema conversation_store");
    databases.text("SELECT conversation_store.grant_use('" + role + "')");
    try (PrimaryStore engine = PostgresStore.openEngine(RestrictedRoles.options(databases, role))) {
      assertThat(engine.health().healthy()).as("%s", engine.health().checks()).isTrue();
    }
  }

  @Test
  void row_4_1_aDatabaseWithoutTheSchemaThatTakesNoWrites() throws Exception {
    databases.text("ALTER DATABASE " + databases.name + " SET default_transaction_read_only = on");
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      long start = System.nanoTime();
      EngineFailureException error =
          catchThrowableOfType(EngineFailureException.class, () -> engine.find(ALICE, "c"));
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
      assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(error).hasMessageContaining("accepts no writes");
    }
  }
}
