package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A broken session of a pool that the application gave. */
class GivenPoolTest {

  private final Databases databases = Databases.create();
  private HikariDataSource pool;
  private PrimaryStore engine;

  @BeforeEach
  void open() throws SQLException {
    HikariConfig config = new HikariConfig();
    config.setDataSource(DriverSettings.of(databases.options().values()));
    config.setMaximumPoolSize(3);
    pool = new HikariDataSource(config);
    engine = PostgresStore.openEngine(PostgresOptions.dataSource(pool));
    databases.text(
        """
        CREATE SEQUENCE calls;
        CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('public.calls') = 1 THEN RAISE EXCEPTION USING ERRCODE = TG_ARGV[0]; END IF;
          RETURN NEW;
        END $$
        """);
  }

  @AfterEach
  void close() {
    engine.close();
    pool.close();
  }

  private void firstCallFails(String state) throws SQLException {
    databases.text(
        "CREATE TRIGGER fails BEFORE INSERT ON conversation_store.conversations"
            + " FOR EACH ROW EXECUTE FUNCTION public.fails('"
            + state
            + "')");
  }

  private void create() {
    engine.apply(
        new Change.ConversationCreated(stamp(ALICE), NewConversation.ofId("c"), true),
        ApplyMode.LIVE);
  }

  @Test
  void aStaleSessionIsGivenUpAndTheCallRepeated() throws SQLException {
    firstCallFails("57P05");
    create();
    assertThat(engine.find(ALICE, "c").live()).isNotNull();
    assertThat(databases.text("SELECT last_value FROM calls")).isEqualTo("2");
  }

  @Test
  void aKnownOutcomeIsReportedAsKnown() throws SQLException {
    firstCallFails("25006");
    EngineFailureException error = catchThrowableOfType(EngineFailureException.class, this::create);
    assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(error).hasMessageContaining("25006");
    assertThat(error.isOutcomeUnknown()).isFalse();
    assertThat(engine.find(ALICE, "c").live()).isNull();
  }
}
