package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
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

  private static String upgrade(int from) throws Exception {
    StringWriter script = new StringWriter();
    PostgresStore.writeSchemaUpgrade(script, PostgresOptions.DEFAULT_SCHEMA, from);
    return script.toString();
  }

  private static Databases at(int version, boolean byFlyway) throws Exception {
    Databases database = Databases.create();
    StringWriter script = new StringWriter();
    if (byFlyway) {
      PostgresStore.open(database.options()).close();
    } else {
      PostgresStore.writeSchema(script, PostgresOptions.DEFAULT_SCHEMA);
    }
    PostgresStore.writeSchemaUndo(script, PostgresOptions.DEFAULT_SCHEMA, version);
    database.text(script.toString());
    return database;
  }

  @Test
  void fromEachVersionItGivesWhatAMigrationGives() throws Exception {
    Databases migrated = Databases.create();
    PostgresStore.open(migrated.options()).close();
    for (int from = 1; from < SchemaScript.LATEST; from++) {
      Databases database = at(from, true);
      assertThat(whole(database)).isNotEqualTo(whole(migrated));
      database.text(upgrade(from));
      assertThat(whole(database)).isEqualTo(whole(migrated));
      assertThat(database.text(RECORDS)).isEqualTo(migrated.text(RECORDS));
      try (ConversationStore store = PostgresStore.open(database.options().withMigration(false))) {
        assertThat(store.operator().health().healthy()).isTrue();
      }
    }
  }

  @Test
  void whereFlywayWasNeverThereItRecordsNothing() throws Exception {
    int from = SchemaScript.LATEST - 1;
    Databases database = at(from, false);
    database.text(upgrade(from));
    assertThat(database.text("SELECT schema_version FROM conversation_store.store"))
        .isEqualTo(String.valueOf(SchemaScript.LATEST));
    assertThat(database.text("SELECT to_regclass('conversation_store.schema_history')"))
        .isEqualTo("null");
  }

  @Test
  void onAnotherVersionItChangesNothing() throws Exception {
    Databases database = at(SchemaScript.LATEST - 1, true);
    String before = whole(database);
    assertThatThrownBy(() -> database.text(upgrade(1))).hasMessageContaining("not at version 1");
    assertThat(whole(database)).isEqualTo(before);
    for (int none : new int[] {0, SchemaScript.LATEST}) {
      assertThatThrownBy(() -> upgrade(none)).isInstanceOf(StoreConfigurationException.class);
    }
  }
}
