package io.conversationstore.postgres;

import io.conversationstore.StoreConfigurationException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/** The driver's settings: from code, else from the URL, else the store's defaults. */
final class DriverSettings {

  /** Properties with a list of choices, each with an optional prefix. */
  private static final Set<String> MANY = Set.of("requireAuth");

  private static final Map<String, DriverPropertyInfo> PROPERTIES = properties();

  private DriverSettings() {}

  static PGSimpleDataSource of(PostgresOptions.Values values) {
    PGSimpleDataSource driver = new PGSimpleDataSource();
    Set<String> inUrl = new HashSet<>();
    try {
      if (values.url != null) {
        driver.setUrl(values.url);
        inUrl.addAll(parameters(values.url).keySet());
      } else {
        driver.setServerNames(new String[] {values.host});
        driver.setPortNumbers(new int[] {values.port});
        driver.setDatabaseName(values.database);
      }
    } catch (IllegalArgumentException unusable) {
      throw unusableUrl();
    }
    if (values.url != null) {
      requireUsable(driver, parameters(values.url));
    }
    if (values.user != null) {
      driver.setUser(values.user);
    }
    if (values.password != null) {
      driver.setPassword(values.password);
    }
    if (values.sslMode != null) {
      driver.setSslMode(choice(property("sslmode"), values.sslMode));
    }
    requireCertificates(driver);
    Set<String> inCode = values.setInCode;
    if (stands("connectTimeout", inCode, inUrl)) {
      driver.setConnectTimeout(seconds(values.connectTimeout));
    }
    if (stands("socketTimeout", inCode, inUrl)) {
      driver.setSocketTimeout(seconds(values.socketTimeout));
    }
    int hosts = hosts(driver);
    if (stands("loginTimeout", inCode, inUrl)) {
      // The driver tries hosts in turn. Each may take its time to connect, and then be silent.
      int each = driver.getConnectTimeout() + driver.getSocketTimeout();
      driver.setLoginTimeout(hosts == 1 ? driver.getConnectTimeout() : hosts * each);
    }
    if (hosts > 1 && stands("targetServerType", inCode, inUrl)) {
      // Several hosts are one cluster. Its standbys cannot store anything.
      driver.setTargetServerType("primary");
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
    // A URL must not change this: the detail of an error holds values.
    driver.setLogServerErrorDetail(false);
    return driver;
  }

  /** The number of hosts; a name in the driver's settings may hold several. */
  private static int hosts(PGSimpleDataSource driver) {
    return (int) String.join(",", driver.getServerNames()).chars().filter(c -> c == ',').count()
        + 1;
  }

  /** Whether the option takes precedence over the URL. */
  private static boolean stands(String property, Set<String> inCode, Set<String> inUrl) {
    return inCode.contains(property) || !inUrl.contains(property);
  }

  private static Map<String, String> parameters(String url) {
    Map<String, String> parameters = new LinkedHashMap<>();
    int query = url.indexOf('?');
    for (String parameter : query < 0 ? new String[0] : url.substring(query + 1).split("&", -1)) {
      String[] sides = parameter.split("=", 2);
      parameters.put(decoded(sides[0]), sides.length < 2 ? "" : decoded(sides[1]));
    }
    return parameters;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      throw unusableUrl();
    }
  }

  /**
   * Rejects values that the driver would reject at each connect, which would look like a database
   * that is away.
   */
  private static void requireUsable(PGSimpleDataSource driver, Map<String, String> parameters) {
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      DriverPropertyInfo property = PROPERTIES.get(parameter.getKey());
      String value = parameter.getValue();
      if (property == null || value.isEmpty()) {
        continue;
      }
      if (property.choices != null && !MANY.contains(property.name)) {
        set(driver, property.name, choice(property, value));
      } else if (isSwitch(property) && !value.matches("(?i)true|false")) {
        throw unusable(property.name, "must be true or false");
      } else if (isNumber(property) && !value.matches("-?[0-9]{1,10}")) {
        throw unusable(property.name, "must be a whole number");
      }
    }
  }

  /** The driver's description of its properties, with defaults as values. */
  private static Map<String, DriverPropertyInfo> properties() {
    String url = "jdbc:postgresql://localhost/postgres";
    Map<String, DriverPropertyInfo> properties = new HashMap<>();
    try {
      for (DriverPropertyInfo property :
          DriverManager.getDriver(url).getPropertyInfo(url, new Properties())) {
        properties.put(property.name, property);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the properties of the driver cannot be listed", e);
    }
    return properties;
  }

  private static DriverPropertyInfo property(String name) {
    return Objects.requireNonNull(PROPERTIES.get(name), name);
  }

  private static boolean isSwitch(DriverPropertyInfo property) {
    return "true".equals(property.value) || "false".equals(property.value);
  }

  private static boolean isNumber(DriverPropertyInfo property) {
    return property.value != null && property.value.matches("-?[0-9]+");
  }

  /** The value in the driver's spelling. */
  private static String choice(DriverPropertyInfo property, String value) {
    for (String choice : property.choices) {
      if (choice.equalsIgnoreCase(value)) {
        return choice;
      }
    }
    throw unusable(property.name, "must be one of " + List.of(property.choices));
  }

  private static void set(PGSimpleDataSource driver, String property, String value) {
    try {
      driver.setProperty(property, value);
    } catch (SQLException refused) {
      throw unusable(property, "is not accepted by the driver");
    }
  }

  /**
   * Rejects missing files, and certificate checks without a file of certificates. {@code
   * sslrootcert=system} means the certificates that the Java platform trusts, like the system's in
   * libpq.
   */
  private static void requireCertificates(PGSimpleDataSource driver) {
    String mode = driver.getSslMode();
    if ("disable".equals(mode)) {
      return;
    }
    String root = driver.getSslRootCert();
    boolean checked = mode != null && mode.startsWith("verify");
    if ("system".equals(root)) {
      if (!"verify-full".equals(mode)) {
        throw unusable("sslrootcert", "may be system only with sslmode=verify-full");
      }
      driver.setSslRootCert(null);
      driver.setSslfactory(DefaultJavaSSLFactory.class.getName());
      root = null;
    }
    requireFile("sslrootcert", root);
    requireFile("sslcert", driver.getSslCert());
    requireFile("sslkey", driver.getSslKey());
    Path usual = Path.of(System.getProperty("user.home", ""), ".postgresql", "root.crt");
    if (checked
        && root == null
        && driver.getSslfactory() == null
        && !System.getProperty("os.name", "").startsWith("Windows")
        && !Files.isReadable(usual)) {
      throw new StoreConfigurationException(
          "sslmode=" + mode + " needs sslrootcert: a file with trusted certificates, or system");
    }
  }

  private static void requireFile(String property, @Nullable String file) {
    try {
      if (file != null && !file.isEmpty() && !Files.isReadable(Path.of(file))) {
        throw unusable(property, "names a file that is missing or not readable");
      }
    } catch (InvalidPathException notAPath) {
      throw unusable(property, "is not the path of a file");
    }
  }

  private static StoreConfigurationException unusable(String property, String why) {
    return new StoreConfigurationException("the connection parameter " + property + " " + why);
  }

  /** The driver's error text would show the URL, which may hold a password. */
  private static StoreConfigurationException unusableUrl() {
    return new StoreConfigurationException("the driver does not accept the JDBC URL");
  }

  /** In seconds, the driver's unit, rounded up. */
  static int seconds(Duration duration) {
    return (int) Math.min(Integer.MAX_VALUE / 1000, (duration.toMillis() + 999) / 1000);
  }
}
