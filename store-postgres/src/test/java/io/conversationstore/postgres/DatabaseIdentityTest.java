package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreHealth;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.DatabaseIdentity;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In which server and database a store is, and what a copy of it is. */
class DatabaseIdentityTest {

  private static TestPostgres server;

  private final UUID node = UUID.randomUUID();
  private Databases databases;
  private Handshake first;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void firstContact() {
    databases = Databases.on(server);
    first = contact(databases.name);
  }

  private Handshake contact(String database) {
    try (PrimaryStore engine = engine(database)) {
      return engine.handshake(node);
    }
  }

  private static PrimaryStore engine(String database) {
    return PostgresStore.openEngine(
        PostgresOptions.url(server.jdbcUrl(database)).withLogin(server.user(), server.password()));
  }

  private String copy() {
    return server.createDatabase(databases.name);
  }

  @Test
  void aContactSaysWhereTheStoreIs() throws SQLException {
    DatabaseIdentity there = first.database();
    assertThat(there).isNotNull();
    assertThat(there.name()).isEqualTo(databases.name);
    assertThat(String.valueOf(there.systemIdentifier()))
        .isEqualTo(databases.text("SELECT system_identifier FROM pg_control_system()"));
    assertThat(there.timeline()).isEqualTo(1);
    assertThat(contact(databases.name).history()).isEqualTo(first.history());
  }

  @Test
  void aCopyUnderAnotherNameIsNotUsedUntilSomebodySaysWhatItIs() {
    Handshake copied = contact(copy());
    assertThat(copied.copiedFrom()).isEqualTo(databases.name);
    assertThat(copied.counter()).as("the contact did not count").isZero();
    assertThat(copied.history()).isEqualTo(first.history());
  }

  @Test
  void aCopyCanBecomeAStoreOfItsOwn() {
    String copy = copy();
    server.execute(copy, "SELECT conversation_store.become_own_store()");
    Handshake own = contact(copy);
    assertThat(own.copiedFrom()).isNull();
    assertThat(own.storeId()).isNotEqualTo(first.storeId());
    assertThat(own.history()).isNotEqualTo(first.history());
    assertThat(own.counterBefore()).isZero();
  }

  @Test
  void aCopyCanTakeThePlaceOfTheFirst() {
    String copy = copy();
    server.execute(copy, "SELECT conversation_store.take_over_store()");
    Handshake replaced = contact(copy);
    assertThat(replaced.copiedFrom()).isNull();
    assertThat(replaced.storeId()).isEqualTo(first.storeId());
    assertThat(replaced.history()).isNotEqualTo(first.history());
  }

  @Test
  void aCopyUnderTheSameNameBeginsANewHistoryOnce() {
    String copy = copy();
    server.execute("postgres", "DROP DATABASE " + databases.name);
    server.execute("postgres", "ALTER DATABASE " + copy + " RENAME TO " + databases.name);
    Handshake restored = contact(databases.name);
    assertThat(restored.storeId()).isEqualTo(first.storeId());
    assertThat(restored.history()).isNotEqualTo(first.history());
    assertThat(contact(databases.name).history()).isEqualTo(restored.history());
  }

  @Test
  void anotherNameForTheSameDatabaseChangesNothing() {
    String name = databases.name + "_renamed";
    server.execute("postgres", "ALTER DATABASE " + databases.name + " RENAME TO " + name);
    Handshake renamed = contact(name);
    assertThat(renamed.copiedFrom()).isNull();
    assertThat(renamed.history()).isEqualTo(first.history());
    assertThat(contact(server.createDatabase(name)).copiedFrom()).isEqualTo(name);
  }

  @Test
  void whatTheRoleMayNotSeeIsUnknownAndChangesNothing() throws SQLException {
    String role = "role_" + databases.name;
    databases.text("CREATE ROLE " + role + " LOGIN PASSWORD 'x'");
    databases.text("SELECT conversation_store.grant_use('" + role + "')");
    databases.text(
        "REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) FROM PUBLIC");
    try (PrimaryStore engine =
        PostgresStore.openEngine(databases.options().withLogin(role, "x").withMigration(false))) {
      Handshake contact = engine.handshake(node);
      assertThat(contact.database())
          .isEqualTo(new DatabaseIdentity(null, first.database().database(), databases.name, null));
      assertThat(contact.history()).isEqualTo(first.history());
      assertThat(contact.databaseAfter(first.database())).isEqualTo(first.database());
    }
  }

  @Test
  void aRoleThatMayUseTheSchemaCanMakeContact() throws Exception {
    String role = "role_" + databases.name;
    databases.text("CREATE ROLE " + role + " LOGIN PASSWORD 'x'");
    databases.text("SELECT conversation_store.grant_use('" + role + "')");
    contact(databases.name);
    databases.text("UPDATE conversation_store.store SET database_oid = NULL");
    try (PrimaryStore engine =
        PostgresStore.openEngine(databases.options().withLogin(role, "x").withMigration(false))) {
      assertThat(engine.handshake(node).copiedFrom()).isNull();
      assertThat(databases.text("SELECT database_oid IS NOT NULL FROM conversation_store.store"))
          .isEqualTo("t");
    }
  }

  private static boolean identitiesHold(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> check.name().equals("identities"))
        .allMatch(StoreHealth.Check::passed);
  }

  @Test
  void keysThatWereNotAdvancedAreFoundAndAdvanced() throws SQLException {
    try (ConversationStore store = PostgresStore.open(databases.options());
        PrimaryStore engine = engine(databases.name)) {
      store.create(ALICE, NewConversation.ofId("a"));
      store.create(ALICE, NewConversation.ofId("b"));
      assertThat(identitiesHold(store)).isTrue();
      databases.text(
          "SELECT setval('conversation_store.conversations_conversation_key_seq', 1, false)");
      assertThat(identitiesHold(store)).isFalse();
      assertThat(databases.text("SELECT conversation_store.adopt_restored_rows()")).isEqualTo("0");
      assertThat(identitiesHold(store)).isTrue();
      engine.apply(
          new Change.ConversationCreated(stamp(ALICE), NewConversation.ofId("c"), true),
          ApplyMode.LIVE);
      assertThat(
              databases.text("SELECT max(conversation_key) FROM conversation_store.conversations"))
          .isEqualTo("3");
    }
  }

  @Test
  void aRoleThatMayNotReadTheKeysToBeGivenIsHealthy() throws SQLException {
    RowSecurityTest.RestrictedRole role = RowSecurityTest.RestrictedRole.create(databases);
    try (ConversationStore store = PostgresStore.open(role.options())) {
      store.create(ALICE, NewConversation.ofId("a"));
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }
}
