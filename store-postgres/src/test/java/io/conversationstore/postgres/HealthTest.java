package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.StoreHealth;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What health tells, and what it takes to tell it. */
class HealthTest {

  private static Databases databases;

  @BeforeAll
  static void prepare() {
    databases = Databases.create();
    PostgresStore.open(databases.options()).close();
  }

  @Test
  void row_4_9_healthNeedsNoSecondConnection() {
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(databases.options().values().url);
    pool.setUsername(databases.options().values().user);
    pool.setPassword(databases.options().values().password);
    pool.setMaximumPoolSize(1);
    pool.setConnectionTimeout(1_000);
    try (HikariDataSource one = new HikariDataSource(pool);
        ConversationStore store =
            PostgresStore.open(PostgresOptions.dataSource(one).withMigration(false))) {
      StoreHealth health = store.operator().health();
      assertThat(health.healthy()).as("%s", health.checks()).isTrue();
    }
  }

  /** Whoever adds a migration adds what it makes to objects.txt. */
  @Test
  void theListOfObjectsIsWhatTheMigrationsMake() throws Exception {
    try (Connection connection = databases.connection();
        PreparedStatement statement = connection.prepareStatement(SchemaObjects.CATALOGUE)) {
      SchemaObjects.bind(new Binder(statement), PostgresOptions.DEFAULT_SCHEMA);
      List<String> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(rows.getString(1));
        }
      }
      found.removeIf(object -> object.contains("schema_history"));
      assertThat(SchemaObjects.expected()).containsExactlyInAnyOrderElementsOf(found);
    }
  }

  @Test
  void row_4_9_whatIsNotInForceIsTold() throws Exception {
    Databases own = Databases.create();
    try (ConversationStore store = PostgresStore.open(own.options())) {
      assertThat(store.operator().health().healthy()).isTrue();
      own.text(
          """
          SET search_path = conversation_store;
          ALTER TABLE messages DROP CONSTRAINT messages_tenant_id_conversation_key_fkey;
          ALTER TABLE conversations DISABLE TRIGGER ALL;
          ALTER TABLE messages DROP CONSTRAINT messages_blank;
          ALTER TABLE messages DROP CONSTRAINT messages_content,
            ADD CONSTRAINT messages_content CHECK (seq > 0) NOT VALID;
          DROP INDEX messages_by_time;
          UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_feed'::regclass;
          DROP TRIGGER no_bare_delete ON messages;
          DROP FUNCTION grant_use;
          """);
      StoreHealth health = store.operator().health();
      assertThat(health.healthy()).isFalse();
      assertThat(health.checks())
          .extracting(check -> check.name() + ", " + check.passed() + ": " + check.detail())
          .containsExactly(
              "reachable, true: it responds",
              "encoding, true: UTF8",
              "writable, true: it accepts writes",
              "session, true: triggers and foreign keys work",
              "schema, true: version " + SchemaVersions.LIBRARY.latest(),
              "privileges, true: the role has all privileges that the store needs",
              "columns, true: all present",
              "tables, true: they store every write unchanged",
              "visible rows, true: the role sees all rows",
              "orphans, false: disabled: conversations conversations_tenant_id_user_id_fkey,"
                  + " missing: messages messages_tenant_id_conversation_key_fkey",
              "constraints, false: missing: messages messages_blank,"
                  + " not validated: messages messages_content",
              "indexes, false: missing: messages messages_by_time,"
                  + " not valid: messages messages_feed",
              "triggers, false: disabled: conversations no_bare_delete,"
                  + " missing: messages no_bare_delete",
              "functions, false: missing: grant_use 1",
              "identities, true: above the keys of the last changed rows");
    }
  }

  private static void assertUnfit(PostgresOptions options, String name, String detail) {
    try (ConversationStore store = PostgresStore.open(options)) {
      StoreHealth health = store.operator().health();
      assertThat(health.healthy()).isFalse();
      assertThat(health.checks())
          .filteredOn(check -> !check.passed())
          .singleElement()
          .satisfies(
              check -> {
                assertThat(check.name()).isEqualTo(name);
                assertThat(check.detail()).contains(detail);
              });
    }
  }

  @Test
  void row_4_9_aDatabaseThatTakesNoWrites() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text("ALTER DATABASE " + own.name + " SET default_transaction_read_only = on");
    assertUnfit(own.options(), "writable", "transactions are read-only");
  }

  @Test
  void row_4_9_aSessionWithoutTriggers() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text("ALTER DATABASE " + own.name + " SET session_replication_role = replica");
    assertUnfit(own.options(), "session", "triggers and foreign keys do not fire");
  }

  @Test
  void row_4_9_aSessionWhoseCommitsMayBeLost() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text("ALTER DATABASE " + own.name + " SET synchronous_commit = off");
    assertUnfit(own.options(), "session", "a crash of the server loses what was acknowledged");
    own.text("ALTER DATABASE " + own.name + " SET synchronous_commit = local");
    try (ConversationStore store = PostgresStore.open(own.options())) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }

  /** The functions count what they send, not what a trigger lets through. */
  @Test
  void row_4_9_aTriggerThatMayDropWhatIsWritten() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text(
        "CREATE FUNCTION public.other() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN RETURN NULL; END'");
    own.text(
        "CREATE TRIGGER noted AFTER INSERT ON conversation_store.messages FOR EACH ROW"
            + " EXECUTE FUNCTION public.other()");
    try (ConversationStore store = PostgresStore.open(own.options())) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
    own.text(
        "CREATE TRIGGER dropped BEFORE INSERT ON conversation_store.messages FOR EACH ROW"
            + " EXECUTE FUNCTION public.other()");
    assertUnfit(
        own.options(), "tables", "a trigger may drop or change what is written: messages dropped");
    own.text("ALTER TABLE conversation_store.messages DISABLE TRIGGER dropped");
    try (ConversationStore store = PostgresStore.open(own.options())) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }

  @Test
  void row_4_9_aRoleWithoutAPrivilege() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    String role = RestrictedRoles.create(own);
    own.text("SELECT conversation_store.grant_use('" + role + "')");
    PostgresOptions options = RestrictedRoles.options(own, role);
    try (ConversationStore store = PostgresStore.open(options)) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
    own.text("REVOKE INSERT ON conversation_store.messages FROM " + role);
    assertUnfit(options, "privileges", "role " + role + " lacks INSERT on messages");
    own.text("GRANT INSERT ON conversation_store.messages TO " + role);
    own.text("REVOKE UPDATE (history) ON conversation_store.store FROM " + role);
    assertUnfit(options, "privileges", "lacks UPDATE (history) on store");
  }

  /** As {@code ALTER DEFAULT PRIVILEGES} leaves it, which hardened servers have. */
  @Test
  void row_4_9_defaultPrivilegesThatWereRevoked() throws Exception {
    Databases own = Databases.create();
    own.text(
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;"
            + " ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM public");
    PostgresStore.open(own.options()).close();
    String role = RestrictedRoles.create(own);
    own.text("SELECT conversation_store.grant_use('" + role + "')");
    PostgresOptions options = RestrictedRoles.options(own, role);
    assertUnfit(options, "privileges", "EXECUTE on append_messages, ");
    own.text("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA conversation_store TO " + role);
    assertUnfit(options, "privileges", "lacks USAGE on type amount, ");
  }

  @Test
  void row_4_9_aColumnThatIsMissing() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text("ALTER TABLE conversation_store.conversations DROP COLUMN created_by");
    assertUnfit(own.options(), "columns", "missing: conversations created_by");
  }

  @Test
  void row_4_9_tablesThatDoNotKeepWhatIsWritten() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    own.text("ALTER TABLE conversation_store.user_preferences SET UNLOGGED");
    assertUnfit(own.options(), "tables", "unlogged, empty after a crash: user_preferences");
    own.text("ALTER TABLE conversation_store.user_preferences SET LOGGED");
    own.text(
        "CREATE RULE lost AS ON INSERT TO conversation_store.user_preferences DO INSTEAD NOTHING");
    assertUnfit(own.options(), "tables", "a rule rewrites what is written: user_preferences lost");
  }

  @Test
  void row_4_9_rowsThatPoliciesHide() throws Exception {
    Databases own = Databases.create();
    PostgresStore.open(own.options()).close();
    String role = RestrictedRoles.create(own);
    own.text("SELECT conversation_store.grant_use('" + role + "')");
    PostgresOptions options = RestrictedRoles.options(own, role);
    try (ConversationStore running = PostgresStore.open(options)) {
      own.text("SELECT conversation_store.use_row_level_security(true)");
      assertThat(running.operator().health().checks())
          .filteredOn(check -> !check.passed())
          .extracting(StoreHealth.Check::name)
          .contains("visible rows");
    }
    assertUnfit(options, "reachable", "withRowLevelSecurity(true)");
    try (ConversationStore store = PostgresStore.open(options.withRowLevelSecurity(true))) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }
}
