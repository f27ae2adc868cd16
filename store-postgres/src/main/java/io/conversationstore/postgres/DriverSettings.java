package io.conversationstore.postgres;

import io.conversationstore.StoreConfigurationException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The driver's settings: what was set in code, else what the URL says, else what is good for the
 * store.
 */
final class DriverSettings {

  private DriverSettings() {}

  static PGSimpleDataSource of(PostgresOptions.Values values) {
    PGSimpleDataSource driver = new PGSimpleDataSource();
    Set<String> inUrl = new HashSet<>();
    try {
      if (values.url != null) {
        driver.setUrl(values.url);
        inUrl.addAll(names(values.url));
      } else {
        driver.setServerNames(new String[] {values.host});
        driver.setPortNumbers(new int[] {values.port});
        driver.setDatabaseName(values.database);
      }
    } catch (IllegalArgumentException unusable) {
      throw unusableUrl();
    }
    if (values.user != null) {
      driver.setUser(values.user);
    }
    if (values.password != null) {
      driver.setPassword(values.password);
    }
    if (values.sslMode != null) {
      driver.setSslMode(values.sslMode);
    }
    Set<String> inCode = values.setInCode;
    if (stands("connectTimeout", inCode, inUrl)) {
      driver.setConnectTimeout(seconds(values.connectTimeout));
    }
    if (stands("loginTimeout", inCode, inUrl)) {
      driver.setLoginTimeout(driver.getConnectTimeout());
    }
    if (stands("socketTimeout", inCode, inUrl)) {
      driver.setSocketTimeout(seconds(values.socketTimeout));
    }
    if (stands("cancelSignalTimeout", inCode, inUrl)) {
      driver.setCancelSignalTimeout(1);
    }
    if (stands("tcpKeepAlive", inCode, inUrl)) {
      driver.setTcpKeepAlive(values.tcpKeepAlive);
    }
    if (stands("prepareThreshold", inCode, inUrl)) {
      driver.setPrepareThreshold(values.prepareThreshold);
    }
    if (stands("ApplicationName", inCode, inUrl)) {
      driver.setApplicationName("conversation-store");
    }
    // Not for a URL to change: the detail of an error holds values.
    driver.setLogServerErrorDetail(false);
    return driver;
  }

  /** Whether the option holds and not what the URL says. */
  private static boolean stands(String property, Set<String> inCode, Set<String> inUrl) {
    return inCode.contains(property) || !inUrl.contains(property);
  }

  private static Set<String> names(String url) {
    Set<String> names = new HashSet<>();
    int query = url.indexOf('?');
    for (String parameter : query < 0 ? new String[0] : url.substring(query + 1).split("&", -1)) {
      String name = parameter.split("=", 2)[0];
      names.add(URLDecoder.decode(name, StandardCharsets.UTF_8));
    }
    return names;
  }

  /** The driver's text would show the URL, which may hold a password. */
  private static StoreConfigurationException unusableUrl() {
    return new StoreConfigurationException("the JDBC URL is not one that the driver understands");
  }

  /** As the driver counts, rounded up. */
  static int seconds(Duration duration) {
    return (int) Math.min(Integer.MAX_VALUE / 1000, (duration.toMillis() + 999) / 1000);
  }
}
