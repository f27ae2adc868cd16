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
              "reachable, true: it answers",
              "schema, true: version " + SchemaScript.LATEST,
              "orphans, false: disabled: conversations conversations_tenant_id_user_id_fkey,"
                  + " missing: messages messages_tenant_id_conversation_key_fkey",
              "constraints, false: missing: messages messages_blank,"
                  + " not validated: messages messages_content",
              "indexes, false: missing: messages messages_by_time,"
                  + " not valid: messages messages_feed",
              "triggers, false: disabled: conversations no_bare_delete,"
                  + " missing: messages no_bare_delete",
              "functions, false: missing: grant_use 1",
              "identities, true: above the keys of the rows changed last");
    }
  }
}
