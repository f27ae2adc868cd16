package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreHealth;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database that cannot hold every text is refused at the first contact. */
class EncodingTest {

  private TestPostgres server;

  @BeforeEach
  void server() {
    server = TestPostgres.shared();
  }

  private PostgresOptions database(String encoding) {
    String name = "t_" + UUID.randomUUID().toString().replace("-", "");
    server.execute(
        server.jdbcUrl().replaceAll(".*/([^?]*).*", "$1"),
        "CREATE DATABASE "
            + name
            + " ENCODING '"
            + encoding
            + "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    return PostgresOptions.url(server.jdbcUrl(name)).withLogin(server.user(), server.password());
  }

  @ParameterizedTest
  @ValueSource(strings = {"LATIN1", "WIN1252", "SQL_ASCII", "EUC_KR", "LATIN9", "KOI8R"})
  void row_1_6_anotherEncodingThanUtf8IsRefusedByItsName(String encoding) {
    PostgresOptions options = database(encoding);
    assertThatThrownBy(() -> PostgresStore.open(options))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContainingAll(encoding, "UTF8");
    try (PrimaryStore engine = PostgresStore.openEngine(options)) {
      EngineFailureException error =
          catchThrowableOfType(EngineFailureException.class, () -> engine.find(ALICE, "c"));
      assertThat(error.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(error).hasMessageContaining(encoding);
      StoreHealth health = engine.health();
      assertThat(health.healthy()).isFalse();
      assertThat(health.checks()).anyMatch(check -> check.detail().contains(encoding));
    }
  }

  @Test
  void utf8WithoutALocaleIsTaken() {
    try (PrimaryStore engine = PostgresStore.openEngine(database("UTF8"))) {
      assertThat(engine.health().healthy()).isTrue();
    }
  }
}
