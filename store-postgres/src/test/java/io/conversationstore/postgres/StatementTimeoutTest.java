package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** A statement that takes too long ends, whoever has to see to it. */
class StatementTimeoutTest {

  private static final TestPostgres SERVER = TestPostgres.shared();
  private static final Databases DATABASES = Databases.create();

  /** Appends take for ever. */
  @BeforeAll
  static void prepare() throws SQLException {
    try (ConversationStore store = PostgresStore.open(DATABASES.options())) {
      store.create(ALICE, NewConversation.ofId("c"));
    }
    DATABASES.text(
        """
        CREATE FUNCTION conversation_store.linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_sleep(3600);
          RETURN NULL;
        END $$;
        CREATE TRIGGER linger BEFORE INSERT ON conversation_store.messages
          FOR EACH ROW EXECUTE FUNCTION conversation_store.linger();
        """);
  }

  private static PGSimpleDataSource settings(String more) {
    PGSimpleDataSource settings = new PGSimpleDataSource();
    String url = SERVER.jdbcUrl(DATABASES.name);
    settings.setUrl(url + (url.contains("?") ? "&" : "?") + more);
    settings.setUser(SERVER.user());
    settings.setPassword(SERVER.password());
    return settings;
  }

  private static void assertEnds(PostgresOptions options) {
    try (ConversationStore store =
        PostgresStore.open(
            options.withStatementTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(5)))) {
      assertThatThrownBy(() -> store.append(ALICE, "c", Message.user("a")))
          .isInstanceOfSatisfying(
              EngineFailureException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.SLOW));
    }
  }

  @Test
  void theServerSeesToIt() throws Exception {
    DriverDataSource source = new DriverDataSource(settings("ssl=false"), 8);
    try (Connection connection = source.getConnection()) {
      assertThat(shown(connection)).isEqualTo("8s");
    }
    assertThat(source.serverEndsStatements()).isTrue();
    assertEnds(DATABASES.options());
  }

  @Test
  void aSettingOfTheUrlStaysAndTheDriverSeesToIt() throws Exception {
    DriverDataSource source =
        new DriverDataSource(settings("options=-c%20statement_timeout=50s"), 8);
    try (Connection connection = source.getConnection()) {
      assertThat(shown(connection)).isEqualTo("50s");
    }
    assertThat(source.serverEndsStatements()).isFalse();
    PGSimpleDataSource settings = settings("options=-c%20statement_timeout=50s");
    assertEnds(PostgresOptions.url(settings.getUrl()).withLogin(SERVER.user(), SERVER.password()));
  }

  @Test
  void aSettingOfTheUrlForSomethingElseStaysBeside() throws Exception {
    DriverDataSource source =
        new DriverDataSource(settings("options=-c%20synchronous_commit=off"), 8);
    try (Connection connection = source.getConnection()) {
      assertThat(shown(connection)).isEqualTo("8s");
      assertThat(text(connection, "SHOW synchronous_commit")).isEqualTo("off");
    }
  }

  @Test
  void onConnectionsThatWereGivenTheDriverSeesToIt() {
    assertEnds(PostgresOptions.dataSource(settings("ssl=false")));
  }

  @Test
  void throughPgBouncerWhichRefusesOrForgetsTheSettingTheDriverSeesToIt() throws Exception {
    for (String ignored : List.of("extra_float_digits", "extra_float_digits, options")) {
      try (PgBouncer bouncer = PgBouncer.before(SERVER, ignored)) {
        PostgresOptions options =
            DATABASES.through("127.0.0.1", bouncer.port()).withPrepareThreshold(0);
        PGSimpleDataSource settings = settings("ssl=false");
        settings.setServerNames(new String[] {"127.0.0.1"});
        settings.setPortNumbers(new int[] {bouncer.port()});
        DriverDataSource source = new DriverDataSource(settings, 8);
        assertThat(source.serverEndsStatements()).isTrue();
        source.getConnection().close();
        assertThat(source.serverEndsStatements()).isFalse();
        source.getConnection().close();
        assertEnds(options);
      }
    }
  }

  @Test
  void noLimitIsNone() throws Exception {
    DriverDataSource source = new DriverDataSource(settings("ssl=false"), 0);
    try (Connection connection = source.getConnection()) {
      assertThat(shown(connection)).isEqualTo("0");
    }
    assertThat(source.serverEndsStatements()).isFalse();
  }

  private static String shown(Connection connection) throws SQLException {
    return text(connection, "SHOW statement_timeout");
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }
}
