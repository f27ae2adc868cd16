package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Why the database cannot be used is said in words; settings that no server satisfies are errors.
 */
class SetupFaultTest {

  private static final Locale LOCALE = Locale.getDefault();

  private static TestPostgres server;
  private static Databases databases;

  @BeforeAll
  static void prepare() {
    server = TestPostgres.shared();
    databases = Databases.create();
  }

  @AfterEach
  void restoreTheLocale() {
    Locale.setDefault(LOCALE);
  }

  private static EngineFailureException failure(PostgresOptions options) {
    try (PrimaryStore engine = PostgresStore.openEngine(options)) {
      return catchThrowableOfType(EngineFailureException.class, () -> engine.find(ALICE, "c"));
    }
  }

  private static void assertSaid(PostgresOptions options, FailureKind kind, String words) {
    EngineFailureException error = failure(options);
    assertThat(error).hasMessageContaining(words);
    assertThat(error.kind()).isEqualTo(kind);
  }

  private static PostgresOptions with(String parameters) {
    return PostgresOptions.url(server.jdbcUrl(databases.name) + separator() + parameters)
        .withLogin(server.user(), server.password());
  }

  private static String separator() {
    return server.jdbcUrl(databases.name).indexOf('?') < 0 ? "?" : "&";
  }

  @ParameterizedTest
  @ValueSource(strings = {"en", "de", "ja"})
  void row_1_9_tlsOfAServerWithoutIt(String language) {
    Locale.setDefault(Locale.forLanguageTag(language));
    assertSaid(with("sslmode=require"), FailureKind.MISCONFIGURED, "the server offers no TLS");
  }

  @Test
  void row_1_9_whatTheServerRefuses() throws SQLException {
    PostgresOptions login = databases.options();
    assertSaid(
        PostgresOptions.at(server.host(), server.port(), "no_such_database")
            .withLogin(server.user(), server.password()),
        FailureKind.MISCONFIGURED,
        "no database of this name");
    assertSaid(
        login.withLogin("no_such_role", "x"), FailureKind.MISCONFIGURED, "the role does not exist");
    assertSaid(
        login.withLogin(server.user(), "wrong"), FailureKind.MISCONFIGURED, "password is wrong");
    assertSaid(
        PostgresOptions.url(server.jdbcUrl(databases.name) + separator() + "user=" + server.user()),
        FailureKind.MISCONFIGURED,
        "requires a password");
    String role = RestrictedRoles.create(databases);
    databases.text("REVOKE CONNECT ON DATABASE " + databases.name + " FROM public");
    assertSaid(
        RestrictedRoles.options(databases, role),
        FailureKind.MISCONFIGURED,
        "lacks the privilege CONNECT");
    databases.text("GRANT CONNECT ON DATABASE " + databases.name + " TO public");
    databases.text("ALTER ROLE " + role + " NOLOGIN");
    assertSaid(
        RestrictedRoles.options(databases, role),
        FailureKind.MISCONFIGURED,
        "not allowed to log in");
  }

  @Test
  void row_1_9_whatTheNetworkRefuses() {
    assertSaid(
        PostgresOptions.at("127.0.0.1", 1, "d").withLogin("u", "p"),
        FailureKind.UNAVAILABLE,
        "no server accepts connections");
    assertSaid(
        PostgresOptions.at("no-such-host.invalid", 5432, "d").withLogin("u", "p"),
        FailureKind.UNAVAILABLE,
        "host name is unknown");
  }

  @ParameterizedTest
  @CsvSource({
    "sslmode=no-verify,sslmode",
    "sslmode=banana,sslmode",
    "channelBinding=banana,channelBinding",
    "gssEncMode=banana,gssEncMode",
    "sslNegotiation=banana,sslNegotiation",
    "targetServerType=banana,targetServerType",
    "autosave=banana,autosave",
    "preferQueryMode=banana,preferQueryMode",
    "connectTimeout=banana,connectTimeout",
    "socketTimeout=1.5,socketTimeout",
    "loginTimeout=banana,loginTimeout",
    "prepareThreshold=banana,prepareThreshold",
    "tcpKeepAlive=banana,tcpKeepAlive",
    "sslrootcert=/no/banana,sslrootcert",
    "sslmode=require&sslcert=/no/banana,sslcert",
    "sslmode=require&sslkey=/no/banana,sslkey",
    "sslmode=require&sslrootcert=system,sslrootcert"
  })
  void row_1_9_aSettingThatNoServerSatisfiesIsNamed(String parameters, String named) {
    assertThatThrownBy(() -> PostgresStore.open(with(parameters)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining(named)
        .hasMessageNotContaining("banana");
    assertThatThrownBy(() -> PostgresStore.openEngine(databases.options().withSslMode("banana")))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("sslmode");
  }

  @Test
  void thePlatformsCertificatesCanBeTrusted() {
    EngineFailureException error = failure(with("sslmode=verify-full&sslrootcert=system"));
    assertThat(error).hasMessageContaining("the server offers no TLS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://localhost:1/SECRET@127.0.0.1:5432/chat",
        "jdbc:postgresql://u:SECRET@127.0.0.1:5432/chat",
        "jdbc:postgresql:SECRET@h"
      })
  void anUnencodedPasswordIsTakenForNoPartOfTheAddress(String url) {
    assertThatThrownBy(() -> PostgresOptions.url(url))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("%40")
        .hasMessageNotContaining("SECRET");
    assertThatThrownBy(() -> PostgresOptions.at("u:SECRET@h", 5432, "d"))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageNotContaining("SECRET");
  }
}
