package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.PrimaryStore;
import java.io.StringWriter;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** The way forward for a DBA whose store may not migrate. */
class SchemaUpgradeTest {

  /** All that the migrations make, as the server spells it. */
  private static final String WHOLE =
      """
      SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = n.oid
        UNION ALL SELECT x.indexdef FROM pg_indexes x WHERE x.schemaname = n.nspname
        UNION ALL SELECT k.conname || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
          WHERE k.connamespace = n.oid
        UNION ALL SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g
          JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = n.oid AND NOT g.tgisinternal
        UNION ALL SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE c.relnamespace = n.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT y.tablename || ' ' || y.policyname || ' ' || y.qual FROM pg_policies y
          WHERE y.schemaname = n.nspname
        UNION ALL SELECT 'version ' || schema_version FROM conversation_store.store
      ) AS q (line)
      """;

  private static final String RECORDS =
      "SELECT string_agg(concat_ws(' ', version, description, type, script, checksum, success), ','"
          + " ORDER BY installed_rank) FROM conversation_store.schema_history";

  private static String whole(Databases database) throws SQLException {
    return database.text(
        "SELECT (" + WHOLE + ") FROM pg_namespace n WHERE n.nspname = 'conversation_store'");
  }

  private static Databases later() {
    Databases database = Databases.create();
    PostgresStore.open(database.options(), MadeUpVersion.VERSIONS).close();
    return database;
  }

  private static Databases atVersion1(boolean byFlyway) throws Exception {
    Databases database = Databases.create();
    if (byFlyway) {
      PostgresStore.open(database.options()).close();
    } else {
      StringWriter script = new StringWriter();
      PostgresStore.writeSchema(script, PostgresOptions.DEFAULT_SCHEMA);
      database.text(script.toString());
    }
    return database;
  }

  @Test
  void itGivesWhatAMigrationGives() throws Exception {
    Databases migrated = later();
    Databases database = atVersion1(true);
    assertThat(whole(database)).isNotEqualTo(whole(migrated));
    database.text(MadeUpVersion.upgrade(1));
    assertThat(whole(database)).isEqualTo(whole(migrated));
    assertThat(database.text(RECORDS)).isEqualTo(migrated.text(RECORDS));
    try (ConversationStore store =
        PostgresStore.open(database.options().withMigration(false), MadeUpVersion.VERSIONS)) {
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }

  @Test
  void theWayBackGivesWhatTheVersionBeforeMakes() throws Exception {
    Databases before = atVersion1(true);
    Databases database = later();
    database.text(MadeUpVersion.undo(1));
    assertThat(whole(database)).isEqualTo(whole(before));
    assertThat(database.text(RECORDS)).isEqualTo(before.text(RECORDS));
    PostgresStore.open(database.options()).close();
  }

  /** A node that may migrate upgrades; one that may not refuses, and names both versions. */
  @Test
  void aStoreThatMayMigrateUpgradesWhatItFinds() throws Exception {
    Databases database = atVersion1(true);
    PostgresOptions may = database.options();
    try (PrimaryStore waiting =
        PostgresStore.openEngine(may.withMigration(false), MadeUpVersion.VERSIONS, false)) {
      assertThatThrownBy(() -> waiting.find(ALICE, "c"))
          .hasMessageContaining("is at version 1, but version 2 is needed");
      PostgresStore.open(may, MadeUpVersion.VERSIONS).close();
      assertThat(waiting.find(ALICE, "c").conversation()).isNull();
    }
    assertThat(whole(database)).isEqualTo(whole(later()));
  }

  @Test
  void whereFlywayWasNeverThereItRecordsNothing() throws Exception {
    Databases database = atVersion1(false);
    database.text(MadeUpVersion.upgrade(1));
    assertThat(database.text("SELECT schema_version FROM conversation_store.store")).isEqualTo("2");
    assertThat(database.text("SELECT to_regclass('conversation_store.schema_history')"))
        .isEqualTo("null");
  }

  @Test
  void onAnotherVersionItChangesNothing() throws Exception {
    Databases database = later();
    String before = whole(database);
    assertThatThrownBy(() -> database.text(MadeUpVersion.upgrade(1)))
        .hasMessageContaining("not at version 1");
    assertThat(whole(database)).isEqualTo(before);
    for (int none : new int[] {0, SchemaVersions.LIBRARY.latest()}) {
      assertThatThrownBy(
              () ->
                  PostgresStore.writeSchemaUpgrade(
                      new StringWriter(), PostgresOptions.DEFAULT_SCHEMA, none))
          .isInstanceOf(StoreConfigurationException.class);
    }
  }
}
