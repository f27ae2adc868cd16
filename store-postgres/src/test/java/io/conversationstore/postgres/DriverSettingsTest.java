package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.StoreConfigurationException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Code before URL before default. */
class DriverSettingsTest {

  private static final String URL =
      "jdbc:postgresql://h/d?connectTimeout=7&socketTimeout=77&tcpKeepAlive=false"
          + "&prepareThreshold=0&ApplicationName=mine&cancelSignalTimeout=3"
          + "&logServerErrorDetail=true";

  private static PGSimpleDataSource driver(PostgresOptions options) {
    return DriverSettings.of(options.values());
  }

  @Test
  void whatTheUrlSaysStands() {
    PGSimpleDataSource driver = driver(PostgresOptions.url(URL));
    assertThat(driver.getConnectTimeout()).isEqualTo(7);
    assertThat(driver.getLoginTimeout()).isEqualTo(7);
    assertThat(driver.getSocketTimeout()).isEqualTo(77);
    assertThat(driver.getTcpKeepAlive()).isFalse();
    assertThat(driver.getPrepareThreshold()).isZero();
    assertThat(driver.getApplicationName()).isEqualTo("mine");
    assertThat(driver.getCancelSignalTimeout()).isEqualTo(3);
    assertThat(driver.getLogServerErrorDetail()).isFalse();
  }

  @Test
  void whatWasSetInCodeStandsBeforeIt() {
    PGSimpleDataSource driver =
        driver(
            PostgresOptions.url(URL)
                .withNetworkTimeouts(Duration.ofMillis(1_500), Duration.ofSeconds(4))
                .withTcpKeepAlive(true)
                .withPrepareThreshold(5)
                .withSchema("chats"));
    assertThat(driver.getConnectTimeout()).isEqualTo(2);
    assertThat(driver.getLoginTimeout()).isEqualTo(2);
    assertThat(driver.getSocketTimeout()).isEqualTo(4);
    assertThat(driver.getTcpKeepAlive()).isTrue();
    assertThat(driver.getPrepareThreshold()).isEqualTo(5);
    assertThat(driver.getApplicationName()).isEqualTo("mine");
  }

  @Test
  void ofSeveralHostsThePrimaryIsUsedAndEachHostHasItsTime() {
    for (PostgresOptions options :
        new PostgresOptions[] {
          PostgresOptions.url("jdbc:postgresql://a:5433,b,[::1]:5434/d"),
          PostgresOptions.at("a:5433,b:5432,[::1]", 5434, "d")
        }) {
      PGSimpleDataSource driver = driver(options);
      assertThat(driver.getTargetServerType()).isEqualTo("primary");
      assertThat(driver.getLoginTimeout()).isEqualTo(3 * (2 + 10));
    }
    PGSimpleDataSource one = driver(PostgresOptions.url("jdbc:postgresql://a/d"));
    assertThat(one.getTargetServerType()).isEqualTo("any");
    assertThat(one.getLoginTimeout()).isEqualTo(2);
    PGSimpleDataSource given =
        driver(
            PostgresOptions.url(
                "jdbc:postgresql://a,b/d?targetServerType=preferPrimary&loginTimeout=3"));
    assertThat(given.getTargetServerType()).isEqualTo("preferPrimary");
    assertThat(given.getLoginTimeout()).isEqualTo(3);
  }

  @Test
  void theDefaultsApplyWithoutSettings() {
    for (PostgresOptions options :
        new PostgresOptions[] {
          PostgresOptions.url("jdbc:postgresql://h/d"), PostgresOptions.at("h", 5432, "d")
        }) {
      PGSimpleDataSource driver = driver(options);
      assertThat(driver.getConnectTimeout()).isEqualTo(2);
      assertThat(driver.getSocketTimeout()).isEqualTo(10);
      assertThat(driver.getTcpKeepAlive()).isTrue();
      assertThat(driver.getPrepareThreshold()).isEqualTo(5);
      assertThat(driver.getApplicationName()).isEqualTo("conversation-store");
    }
    assertThatThrownBy(() -> driver(PostgresOptions.url("jdbc:postgresql:%%%//x")))
        .isInstanceOf(StoreConfigurationException.class);
  }
}
