package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and how to log in, as variables of the environment say it.
 *
 * @param parameters of the connection, by the names of the JDBC driver
 * @param source the variable that named it
 */
record DatabaseSettings(
    String host,
    int port,
    String database,
    @Nullable String user,
    @Nullable String password,
    Map<String, String> parameters,
    String source) {

  private static final int DEFAULT_PORT = 5432;

  /** Names of libpq and, beside them, those of the JDBC driver. */
  private static final Map<String, String> PARAMETERS =
      Map.of(
          "sslmode", "sslmode",
          "sslrootcert", "sslrootcert",
          "sslcert", "sslcert",
          "sslkey", "sslkey",
          "sslpassword", "sslpassword",
          "channel_binding", "channelBinding",
          "application_name", "ApplicationName",
          "connect_timeout", "connectTimeout",
          "options", "options");

  /** Names of libpq, and one of hosts', whose values the driver spells in another way. */
  private static final Map<String, Map<String, Map.Entry<String, String>>> TRANSLATED =
      Map.of(
          "keepalives",
          Map.of("0", Map.entry("tcpKeepAlive", "false"), "1", Map.entry("tcpKeepAlive", "true")),
          "pgbouncer",
          Map.of(
              "true", Map.entry("prepareThreshold", "0"),
              "false", Map.entry("prepareThreshold", "5")),
          "target_session_attrs",
          Map.of(
              "any", Map.entry("targetServerType", "any"),
              "read-write", Map.entry("targetServerType", "primary"),
              "primary", Map.entry("targetServerType", "primary")));

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

  private static final Set<String> SCHEMES =
      Set.of("postgresql", "postgres", "jdbc:postgresql", "postgresql+asyncpg");

  DatabaseSettings {
    parameters = Map.copyOf(parameters);
  }

  /**
   * Reads a URL as {@code postgresql://user:password@host:port/database?sslmode=require}. User and
   * password may be percent-encoded.
   *
   * @throws StoreConfigurationException if it is not one; the text names the variable, not its
   *     value
   */
  static DatabaseSettings ofUrl(String variable, String url) {
    int schemeEnd = url.indexOf("://");
    if (schemeEnd < 0 || !SCHEMES.contains(url.substring(0, schemeEnd))) {
      throw malformed(variable, "it must begin with postgresql://");
    }
    String rest = url.substring(schemeEnd + 3);
    int slash = rest.indexOf('/');
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    String path = slash < 0 ? "" : rest.substring(slash + 1);
    int question = path.indexOf('?');
    String query = question < 0 ? "" : path.substring(question + 1);
    String database = decode(variable, question < 0 ? path : path.substring(0, question));
    if (database.isEmpty()) {
      throw malformed(variable, "the name of the database is missing");
    }
    // A password may hold an @ that nobody encoded; a host cannot.
    int at = authority.lastIndexOf('@');
    String login = at < 0 ? "" : authority.substring(0, at);
    String address = authority.substring(at + 1);
    int colon = address.startsWith("[") ? address.indexOf("]:") + 1 : address.lastIndexOf(':');
    boolean hasPort = colon > 0;
    String host = hasPort ? address.substring(0, colon) : address;
    if (host.isEmpty()) {
      throw malformed(variable, "the host is missing");
    }
    int port = hasPort ? port(variable, address.substring(colon + 1)) : DEFAULT_PORT;
    int secret = login.indexOf(':');
    String user = secret < 0 ? login : login.substring(0, secret);
    String password = secret < 0 ? null : decode(variable, login.substring(secret + 1));
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String parameter : query.split("&", -1)) {
      if (!parameter.isEmpty()) {
        addParameter(variable, parameters, parameter);
      }
    }
    String givenUser = parameters.remove("user");
    String givenPassword = parameters.remove("password");
    return new DatabaseSettings(
        host,
        port,
        database,
        user.isEmpty() ? givenUser : decode(variable, user),
        password == null ? givenPassword : password,
        parameters,
        variable);
  }

  private static void addParameter(
      String variable, Map<String, String> parameters, String parameter) {
    int equals = parameter.indexOf('=');
    String name = equals < 0 ? parameter : parameter.substring(0, equals);
    String value = equals < 0 ? "" : decode(variable, parameter.substring(equals + 1));
    Map<String, Map.Entry<String, String>> values = TRANSLATED.get(name);
    if (values != null) {
      Map.Entry<String, String> meaning = values.get(value);
      if (meaning == null) {
        throw malformed(
            variable, name + " must be one of " + values.keySet().stream().sorted().toList());
      }
      parameters.put(meaning.getKey(), meaning.getValue());
      return;
    }
    if (name.equals("connect_timeout") && !SECONDS.matcher(value).matches()) {
      throw malformed(variable, "connect_timeout must be a number of seconds");
    }
    String known = name.equals("user") || name.equals("password") ? name : PARAMETERS.get(name);
    if (known == null) {
      throw malformed(
          variable,
          "it has a parameter that is not known; known are "
              + Stream.concat(PARAMETERS.keySet().stream(), TRANSLATED.keySet().stream())
                  .sorted()
                  .toList());
    }
    parameters.put(known, value);
  }

  /** Reads a port; {@code text} null gives PostgreSQL's own. */
  static int port(String variable, @Nullable String text) {
    if (text == null) {
      return DEFAULT_PORT;
    }
    int port;
    try {
      port = Integer.parseInt(text);
    } catch (NumberFormatException notANumber) {
      throw malformed(variable, "the port is not a number");
    }
    if (port < 1 || port > 65_535) {
      throw malformed(variable, "the port must be 1 to 65535");
    }
    return port;
  }

  private static String decode(String variable, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      throw malformed(variable, "a % in it is not followed by two hexadecimal digits");
    }
  }

  static StoreConfigurationException malformed(String variable, String why) {
    return new StoreConfigurationException(variable + " is malformed: " + why);
  }

  boolean isSameDatabase(DatabaseSettings other) {
    return host.equals(other.host) && port == other.port && database.equals(other.database);
  }

  /** Leaves out the password. */
  @Override
  public String toString() {
    return host + ":" + port + "/" + database;
  }
}
