package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** For what a migration of a schema in use waits, and for how long. */
class MigrationPatienceTest {

  private static final String VERSION = "SELECT schema_version FROM conversation_store.store";

  private final Databases databases = Databases.create();

  @BeforeEach
  void anEarlierSchema() {
    PostgresStore.openEngine(databases.options()).close();
  }

  private static PrimaryStore later(PostgresOptions options) {
    return PostgresStore.openEngine(options, MadeUpVersion.VERSIONS, false);
  }

  @Test
  void aMigrationWaitsOnlyBrieflyForALongTransaction() throws SQLException {
    try (Connection holder = databases.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      hold.execute("LOCK TABLE conversation_store.messages IN ACCESS SHARE MODE");
      try (PrimaryStore engine = later(databases.options())) {
        assertThat(databases.text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            .isEqualTo("0");
        EngineFailureException failure =
            catchThrowableOfType(
                EngineFailureException.class, () -> engine.find(ALICE, "conversation"));
        assertThat(failure.kind()).isEqualTo(FailureKind.CONTENTION);
        assertThat(failure).hasMessageContaining("after a pause");
      }
      holder.rollback();
    }
    try (PrimaryStore engine = later(databases.options())) {
      assertThat(engine.find(ALICE, "conversation").live()).isNull();
    }
    assertThat(databases.text(VERSION)).isEqualTo("2");
  }

  @Test
  void theScriptOfADbaWaitsNoLonger() throws Exception {
    String script = MadeUpVersion.upgrade(1);
    try (Connection holder = databases.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      hold.execute("LOCK TABLE conversation_store.messages IN ACCESS SHARE MODE");
      assertThatThrownBy(() -> databases.text(script))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
      holder.rollback();
    }
    assertThat(databases.text(VERSION)).isEqualTo("1");
    databases.text(script);
    assertThat(databases.text(VERSION)).isEqualTo("2");
  }

  @Test
  void itMayTakeLongerThanTheSocketAndTheStatementTimeout() throws SQLException {
    databases.text(
        """
        CREATE FUNCTION public.delays() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
          IF current_setting('test.delayed', true) IS NULL THEN
            PERFORM set_config('test.delayed', 'yes', false), pg_sleep(2.5);
          END IF;
        END $$;
        CREATE EVENT TRIGGER delays ON ddl_command_start WHEN TAG IN ('CREATE FUNCTION')
          EXECUTE FUNCTION public.delays();
        """);
    Duration brief = Duration.ofSeconds(1);
    PostgresOptions hurried =
        databases
            .options()
            .withNetworkTimeouts(Duration.ofSeconds(20), brief)
            .withStatementTimeouts(brief, brief);
    try (PrimaryStore engine = later(hurried)) {
      assertThat(databases.text(VERSION)).isEqualTo("2");
      assertThat(engine.find(ALICE, "conversation").live()).isNull();
    }
  }
}
