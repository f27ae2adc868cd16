package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a database URL, in the spelling of libpq, the JDBC driver, hosts and other
 * clients. Each is of one of four kinds: a parameter of the driver, in the driver's own spelling; a
 * part of the address or the login; a setting of another client, which is ignored with a line in
 * the log; or a demand that cannot be met, which is an error that names the parameter. For one URL
 * and one thread.
 */
final class UrlParameters {

  /** libpq names and their driver equivalents. */
  private static final Map<String, String> LIBPQ =
      Map.ofEntries(
          Map.entry("sslmode", "sslmode"),
          Map.entry("sslrootcert", "sslrootcert"),
          Map.entry("sslcert", "sslcert"),
          Map.entry("sslkey", "sslkey"),
          Map.entry("sslpassword", "sslpassword"),
          Map.entry("sslnegotiation", "sslNegotiation"),
          Map.entry("channel_binding", "channelBinding"),
          Map.entry("require_auth", "requireAuth"),
          Map.entry("gssencmode", "gssEncMode"),
          Map.entry("krbsrvname", "kerberosServerName"),
          Map.entry("application_name", "ApplicationName"),
          Map.entry("connect_timeout", "connectTimeout"),
          Map.entry("options", "options"));

  /** Driver parameters that affect how it connects and no property that the store relies on. */
  private static final Set<String> DRIVER =
      Set.of(
          "ApplicationName",
          "authenticationPluginClassName",
          "cancelSignalTimeout",
          "channelBinding",
          "connectTimeout",
          "gssEncMode",
          "gsslib",
          "hostRecheckSeconds",
          "jaasApplicationName",
          "jaasLogin",
          "kerberosServerName",
          "loadBalanceHosts",
          "loginTimeout",
          "preparedStatementCacheQueries",
          "preparedStatementCacheSizeMiB",
          "prepareThreshold",
          "receiveBufferSize",
          "requireAuth",
          "sendBufferSize",
          "socketTimeout",
          "sslfactory",
          "sslfactoryarg",
          "sslhostnameverifier",
          "sslNegotiation",
          "sslResponseTimeout",
          "targetServerType",
          "tcpKeepAlive",
          "tcpNoDelay");

  private static final Map<String, Set<String>> CHOICES =
      Map.of(
          "sslmode", Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
          "sslNegotiation", Set.of("postgres", "direct"),
          "channelBinding", Set.of("disable", "prefer", "require"),
          "gssEncMode", Set.of("disable", "allow", "prefer", "require"),
          "targetServerType", Set.of("any", "primary", "master", "preferPrimary"));

  private static final Set<String> WHOLE_NUMBERS =
      Set.of(
          "cancelSignalTimeout",
          "connectTimeout",
          "hostRecheckSeconds",
          "loginTimeout",
          "preparedStatementCacheQueries",
          "preparedStatementCacheSizeMiB",
          "prepareThreshold",
          "receiveBufferSize",
          "sendBufferSize",
          "socketTimeout",
          "sslResponseTimeout");

  private static final Set<String> SWITCHES =
      Set.of("jaasLogin", "loadBalanceHosts", "tcpKeepAlive", "tcpNoDelay");

  private static final Set<String> SECONDS = Set.of("connectTimeout", "loginTimeout");

  /** Names whose values are spelled differently by the driver. */
  private static final Map<String, Map<String, Map.Entry<String, String>>> TRANSLATED =
      Map.of(
          "keepalives",
          Map.of("0", Map.entry("tcpKeepAlive", "false"), "1", Map.entry("tcpKeepAlive", "true")),
          "pgbouncer",
          Map.of(
              "true", Map.entry("prepareThreshold", "0"),
              "false", Map.entry("prepareThreshold", "5")),
          "requiressl",
          Map.of("0", Map.entry("sslmode", "prefer"), "1", Map.entry("sslmode", "require")),
          "load_balance_hosts",
          Map.of(
              "disable", Map.entry("loadBalanceHosts", "false"),
              "random", Map.entry("loadBalanceHosts", "true")),
          "target_session_attrs",
          Map.of(
              "any", Map.entry("targetServerType", "any"),
              "read-write", Map.entry("targetServerType", "primary"),
              "primary", Map.entry("targetServerType", "primary")));

  /** Parts of the address and the login. */
  private static final Set<String> ADDRESS =
      Set.of("user", "password", "host", "hostaddr", "port", "dbname");

  /**
   * Settings of other clients, pools and hosts, and libpq settings that have no counterpart and
   * weaken nothing when omitted.
   */
  private static final Set<String> OTHERS =
      Set.of(
          // libpq
          "client_encoding",
          "fallback_application_name",
          "gssdelegation",
          "keepalives_count",
          "keepalives_idle",
          "keepalives_interval",
          "max_protocol_version",
          "min_protocol_version",
          "sslcertmode",
          "sslcompression",
          "sslsni",
          "tcp_user_timeout",
          // JDBC driver settings controlled by the store
          "adaptiveFetch",
          "allowEncodingChanges",
          "autosave",
          "binaryTransfer",
          "cleanupSavepoints",
          "currentSchema",
          "defaultRowFetchSize",
          "logServerErrorDetail",
          "logUnclosedConnections",
          "loggerLevel",
          "preferQueryMode",
          "queryTimeout",
          "readOnly",
          "reWriteBatchedInserts",
          "stringtype",
          // Prisma
          "connection_limit",
          "pool_timeout",
          "schema",
          "single_use_connections",
          "socket_timeout",
          "statement_cache_size",
          // node-postgres, Drizzle, postgres.js
          "encoding",
          "idle_in_transaction_session_timeout",
          "lock_timeout",
          "max",
          "query_timeout",
          "statement_timeout",
          "uselibpqcompat",
          // pgx, lib/pq, GORM
          "TimeZone",
          "binary_parameters",
          "default_query_exec_mode",
          "description_cache_capacity",
          "pool_health_check_period",
          "pool_max_conn_idle_time",
          "pool_max_conn_lifetime",
          "pool_max_conn_lifetime_jitter",
          "pool_max_conns",
          "pool_min_conns",
          "search_path",
          "statement_cache_capacity",
          "statement_cache_mode",
          "timezone",
          // SQLAlchemy, asyncpg, Django
          "async_fallback",
          "command_timeout",
          "conn_health_checks",
          "conn_max_age",
          "prepared_statement_cache_size",
          // Rails, Ecto, Doctrine, Laravel
          "charset",
          "checkout_timeout",
          "pool",
          "pool_size",
          "prepared_statements",
          "reaping_frequency",
          "serverVersion",
          "timeout",
          // Supabase, Vercel
          "supa",
          "workaround");

  /** Demands that the driver cannot meet; ignoring them would weaken the request. */
  private static final Map<String, String> UNMET =
      Map.of(
          "passfile", "password files are not supported; give the password",
          "replication", "replication connections are not supported",
          "requirepeer", "Unix sockets are not supported",
          "service", "service files are not supported; give host and database",
          "sslcrl", "certificate revocation lists are not supported",
          "sslcrldir", "certificate revocation lists are not supported",
          "sslidentity", "it belongs to another client; use sslcert and sslkey",
          "ssl_max_protocol_version", "the Java platform chooses the TLS version",
          "ssl_min_protocol_version", "the Java platform chooses the TLS version");

  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,39}");
  private static final Pattern WHOLE_NUMBER = Pattern.compile("[0-9]{1,6}");
  private static final Pattern SIGNED_NUMBER = Pattern.compile("-?[0-9]{1,9}");
  private static final String SYSTEM_FACTORY = "org.postgresql.ssl.DefaultJavaSSLFactory";

  private final String variable;
  private final boolean jdbc;
  private final boolean mayName;
  private final Map<String, String> driver = new LinkedHashMap<>();
  private final Map<String, String> address = new LinkedHashMap<>();
  private final List<String> ignored = new ArrayList<>();

  private UrlParameters(String variable, boolean jdbc, boolean mayName) {
    this.variable = variable;
    this.jdbc = jdbc;
    this.mayName = mayName;
  }

  /**
   * Parses the part of a URL after the question mark.
   *
   * @param jdbc whether it is a URL of the JDBC driver, whose {@code ssl} is stricter than libpq's
   * @throws StoreConfigurationException that names the variable and the parameter, not its value
   */
  static UrlParameters of(String variable, String query, boolean jdbc, Consumer<String> notes) {
    // If it contains an @, a piece of a password may be in the place of a name.
    UrlParameters parameters = new UrlParameters(variable, jdbc, query.indexOf('@') < 0);
    for (String parameter : query.split("&", -1)) {
      if (!parameter.isEmpty()) {
        parameters.add(parameter);
      }
    }
    parameters.trustTheSystem();
    if (!parameters.ignored.isEmpty()) {
      notes.accept(
          variable
              + " has parameters of other clients; they are ignored: "
              + String.join(", ", parameters.ignored));
    }
    return parameters;
  }

  /** The parameters under the driver's names. */
  Map<String, String> driver() {
    return driver;
  }

  @Nullable String address(String name) {
    String value = address.get(name);
    return value == null || value.isEmpty() ? null : value;
  }

  private void add(String parameter) {
    int equals = parameter.indexOf('=');
    String name = equals < 0 ? parameter : parameter.substring(0, equals);
    String value =
        equals < 0 ? "" : DatabaseSettings.decode(variable, parameter.substring(equals + 1));
    if (ADDRESS.contains(name)) {
      address.put(name, value);
    } else if (name.equals("ssl")) {
      ssl(value);
    } else if (name.equals("sslaccept")) {
      accept(value);
    } else if (TRANSLATED.containsKey(name)) {
      translated(name, value, TRANSLATED.get(name));
    } else if (LIBPQ.containsKey(name)) {
      put(name, LIBPQ.get(name), value);
    } else if (DRIVER.contains(name)) {
      put(name, name, value);
    } else if (OTHERS.contains(name)) {
      ignored.add(name);
    } else if (UNMET.containsKey(name)) {
      throw malformed("the parameter " + name + " is not supported: " + UNMET.get(name));
    } else {
      throw malformed(
          mayName && NAME.matcher(name).matches()
              ? "the parameter " + name + " is unknown; remove it, or correct its name"
              : "the URL has an unknown parameter; percent-encode the reserved characters of user"
                  + " and password");
    }
  }

  private void translated(
      String name, String value, Map<String, Map.Entry<String, String>> meanings) {
    Map.Entry<String, String> meaning = meanings.get(value.toLowerCase(Locale.ROOT));
    if (meaning == null) {
      throw oneOf(name, meanings.keySet());
    }
    driver.put(meaning.getKey(), meaning.getValue());
  }

  /** libpq treats it as {@code sslmode=require}, the JDBC driver as {@code verify-full}. */
  private void ssl(String value) {
    switch (value.toLowerCase(Locale.ROOT)) {
      case "", "true", "1" -> driver.putIfAbsent("sslmode", jdbc ? "verify-full" : "require");
      case "false", "0" -> driver.putIfAbsent("sslmode", "disable");
      default -> put("ssl", "sslmode", value);
    }
  }

  private void accept(String value) {
    if (!value.equals("accept_invalid_certs")) {
      throw malformed(
          "the parameter sslaccept belongs to another client; to check the certificate, set"
              + " sslmode=verify-full");
    }
    ignored.add("sslaccept");
  }

  private void put(String name, String driverName, String value) {
    Set<String> choices = CHOICES.get(driverName);
    if (choices != null) {
      for (String choice : choices) {
        if (choice.equalsIgnoreCase(value)) {
          driver.put(driverName, choice);
          return;
        }
      }
      throw name.equals("sslmode") && value.equalsIgnoreCase("no-verify")
          ? malformed(
              "sslmode=no-verify belongs to another client; use sslmode=require, which means the"
                  + " same")
          : oneOf(name, choices);
    }
    if (SECONDS.contains(driverName) && !WHOLE_NUMBER.matcher(value).matches()) {
      throw malformed(name + " must be a number of seconds");
    }
    if (WHOLE_NUMBERS.contains(driverName) && !SIGNED_NUMBER.matcher(value).matches()) {
      throw malformed(name + " must be a whole number");
    }
    if (SWITCHES.contains(driverName) && !Set.of("true", "false").contains(value)) {
      throw oneOf(name, Set.of("true", "false"));
    }
    driver.put(driverName, value);
  }

  /** libpq's value for the certificates trusted by the system. */
  private void trustTheSystem() {
    if (!"system".equals(driver.get("sslrootcert"))) {
      return;
    }
    driver.remove("sslrootcert");
    driver.put("sslfactory", SYSTEM_FACTORY);
    if (!"verify-full".equals(driver.getOrDefault("sslmode", "verify-full"))) {
      throw malformed("sslrootcert=system needs sslmode=verify-full");
    }
    driver.put("sslmode", "verify-full");
  }

  private StoreConfigurationException oneOf(String name, Set<String> values) {
    return malformed(name + " must be one of " + values.stream().sorted().toList());
  }

  private StoreConfigurationException malformed(String why) {
    return DatabaseSettings.malformed(variable, why);
  }
}
