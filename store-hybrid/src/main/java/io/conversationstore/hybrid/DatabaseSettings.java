package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Address and login of a database, from environment variables.
 *
 * @param host one or several hosts; all but the last one include their ports
 * @param parameters of the connection, by the names of the JDBC driver
 * @param source the variable that named the database
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

  /**
   * The schemes of libpq and JDBC, also with a driver name appended as in SQLAlchemy, and those of
   * R2DBC, PHP, Django and Ecto.
   */
  private static final Pattern SCHEME =
      Pattern.compile(
          "(jdbc:|r2dbc:(?:pool:)?|vertx-reactive:)?"
              + "(?:postgresql|postgres|pgsql|postgis|psql|ecto)(?:\\+[a-z0-9_]+)?",
          Pattern.CASE_INSENSITIVE);

  /** A name, an IPv4 address, or an IPv6 address in brackets. */
  private static final Pattern HOST =
      Pattern.compile(
          "[\\p{L}\\p{N}_][\\p{L}\\p{N}._-]*|\\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\\]");

  private static final Pattern BARE_IPV6 =
      Pattern.compile("[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*");

  /** The value that Kubernetes gives to the variable {@code <SERVICE>_PORT} in every container. */
  private static final Pattern SERVICE_PORT = Pattern.compile("(?:tcp|udp)://\\S*:([0-9]{1,5})");

  DatabaseSettings {
    parameters = Map.copyOf(parameters);
  }

  /**
   * Whether a text is a URL of another kind of database, meant for another part of the application.
   */
  static boolean isForeign(String url) {
    int schemeEnd = url.indexOf("://");
    return schemeEnd > 0
        && Pattern.matches("[A-Za-z][A-Za-z0-9+.:-]*", url.substring(0, schemeEnd))
        && !SCHEME.matcher(url.substring(0, schemeEnd)).matches();
  }

  /**
   * Parses a URL of the form {@code postgresql://user:password@host:port/database?sslmode=require}.
   * User, password and database may be percent-encoded; they must be if they contain a slash.
   *
   * @param notes receives lines for the log
   * @throws StoreConfigurationException if it is malformed; the text names the variable, not its
   *     value
   */
  static DatabaseSettings ofUrl(String variable, String url, Consumer<String> notes) {
    int schemeEnd = url.indexOf("://");
    Matcher scheme = SCHEME.matcher(schemeEnd < 0 ? "" : url.substring(0, schemeEnd));
    if (!scheme.matches()) {
      throw malformed(variable, "it must begin with postgresql://");
    }
    String rest = url.substring(schemeEnd + 3);
    int slash = rest.indexOf('/');
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    String path = slash < 0 ? "" : rest.substring(slash + 1);
    int question = path.indexOf('?');
    String query = question < 0 ? "" : path.substring(question + 1);
    String rawName = question < 0 ? path : path.substring(0, question);
    // A password may contain an unencoded @; a host cannot.
    int at = authority.lastIndexOf('@');
    if (rawName.indexOf('@') >= 0 || (at < 0 && query.indexOf('@') >= 0 && !namesUser(query))) {
      throw malformed(
          variable,
          "the URL has an @ after the first / or ?; in user and password write / as %2F and ? as"
              + " %3F, and in the database name write @ as %40");
    }
    if (rawName.indexOf('/') >= 0) {
      throw malformed(
          variable, "the URL has a second / after the host; in the database name write / as %2F");
    }
    UrlParameters parameters =
        UrlParameters.of(variable, query, "jdbc:".equalsIgnoreCase(scheme.group(1)), notes);
    String login = at < 0 ? "" : authority.substring(0, at);
    int secret = login.indexOf(':');
    String user = decode(variable, secret < 0 ? login : login.substring(0, secret));
    String password = secret < 0 ? null : decode(variable, login.substring(secret + 1));
    String database = decode(variable, rawName);
    if (database.isEmpty()) {
      String given = parameters.address("dbname");
      if (given == null) {
        throw malformed(variable, "the database name is missing");
      }
      database = given;
    }
    return at(
        variable,
        address(variable, authority.substring(at + 1), parameters),
        database,
        user.isEmpty() ? parameters.address("user") : user,
        password == null ? parameters.address("password") : password,
        parameters.driver());
  }

  private static boolean namesUser(String query) {
    return query.startsWith("user=") || query.contains("&user=");
  }

  private static String address(String variable, String authority, UrlParameters parameters) {
    if (!authority.isEmpty()) {
      return authority;
    }
    String host = parameters.address("host");
    if (host == null) {
      host = parameters.address("hostaddr");
    }
    if (host == null) {
      throw malformed(variable, "the host is missing");
    }
    String port = parameters.address("port");
    return port == null ? bracketed(host) : bracketed(host) + ":" + port;
  }

  /**
   * Settings for one address or several separated by commas, each a host with an optional port.
   *
   * @throws StoreConfigurationException that names {@code variable}
   */
  private static DatabaseSettings at(
      String variable,
      String addresses,
      String database,
      @Nullable String user,
      @Nullable String password,
      Map<String, String> parameters) {
    StringBuilder hosts = new StringBuilder();
    int port = DEFAULT_PORT;
    for (String address : addresses.split(",", -1)) {
      if (!hosts.isEmpty()) {
        hosts.append(':').append(port).append(',');
      }
      int colon = address.startsWith("[") ? address.indexOf("]:") + 1 : address.lastIndexOf(':');
      boolean hasPort = colon > 0 && colon < address.length() - 1;
      String host = colon > 0 ? address.substring(0, colon) : address;
      hosts.append(host(variable, host));
      port = hasPort ? port(variable, address.substring(colon + 1)) : DEFAULT_PORT;
    }
    return new DatabaseSettings(
        hosts.toString(), port, database, user, password, parameters, variable);
  }

  /**
   * Checks a host; a piece of an unencoded password must not pass as one.
   *
   * @throws StoreConfigurationException that names {@code variable}
   */
  static String host(String variable, String text) {
    String host = bracketed(text);
    if (host.isEmpty()) {
      throw malformed(variable, "the host is missing");
    }
    if (host.startsWith("/") || host.startsWith("%2F") || host.startsWith("%2f")) {
      throw malformed(variable, "Unix sockets are not supported; give a host and a port");
    }
    if (!HOST.matcher(host).matches()) {
      throw malformed(
          variable, "the host contains invalid characters; give only a host name or an address");
    }
    return host;
  }

  private static String bracketed(String host) {
    return BARE_IPV6.matcher(host).matches() ? "[" + host + "]" : host;
  }

  /**
   * Parses a port, also in the form of Kubernetes; a null {@code text} gives PostgreSQL's default.
   */
  static int port(String variable, @Nullable String text) {
    if (text == null) {
      return DEFAULT_PORT;
    }
    Matcher service = SERVICE_PORT.matcher(text);
    int port;
    try {
      port = Integer.parseInt(service.matches() ? service.group(1) : text);
    } catch (NumberFormatException notANumber) {
      throw malformed(variable, "the port is not a number");
    }
    if (port < 1 || port > 65_535) {
      throw malformed(variable, "the port must be 1 to 65535");
    }
    return port;
  }

  /** Whether Kubernetes set this port for a service that happens to have this variable's name. */
  static boolean isServicePort(@Nullable String text) {
    return text != null && SERVICE_PORT.matcher(text).matches();
  }

  static String decode(String variable, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      throw malformed(variable, "a % is not followed by two hexadecimal digits");
    }
  }

  static StoreConfigurationException malformed(String variable, String why) {
    return new StoreConfigurationException(variable + " is invalid: " + why);
  }

  boolean isSameDatabase(DatabaseSettings other) {
    return host.equalsIgnoreCase(other.host)
        && port == other.port
        && database.equals(other.database);
  }

  /** Omits user and password. */
  @Override
  public String toString() {
    return host + ":" + port + "/" + database;
  }
}
