package io.conversationstore.testkit;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Address and login of a server. Immutable.
 *
 * @param authority {@code host:port}, or several separated by commas as in pgjdbc
 * @param database the default database
 * @param query URL parameters without the question mark, user and password; may be empty
 */
record Endpoint(String authority, String database, String query, String user, String password) {

  private static final String PREFIX = "jdbc:postgresql:";
  private static final int DEFAULT_PORT = 5432;

  static Endpoint local(int port, String user, String password) {
    return new Endpoint("127.0.0.1:" + port, "postgres", "", user, password);
  }

  /**
   * Parses a JDBC URL.
   *
   * @param user the user, or null for the URL's parameter {@code user}, else {@code postgres}
   * @param password the password, or null for the URL's parameter {@code password}, else none
   */
  static Endpoint of(String url, @Nullable String user, @Nullable String password) {
    if (!url.startsWith(PREFIX)) {
      throw new IllegalArgumentException("the URL does not start with " + PREFIX);
    }
    String rest = url.substring(PREFIX.length());
    int question = rest.indexOf('?');
    String query = question < 0 ? "" : rest.substring(question + 1);
    String address = question < 0 ? rest : rest.substring(0, question);
    String authority = "";
    if (address.startsWith("//")) {
      int slash = address.indexOf('/', 2);
      authority = slash < 0 ? address.substring(2) : address.substring(2, slash);
      address = slash < 0 ? "" : address.substring(slash + 1);
    }
    String userFound = user;
    String passwordFound = password;
    List<String> parameters = new ArrayList<>();
    for (String parameter : query.split("&")) {
      if (parameter.startsWith("user=")) {
        userFound = userFound == null ? value(parameter) : userFound;
      } else if (parameter.startsWith("password=")) {
        passwordFound = passwordFound == null ? value(parameter) : passwordFound;
      } else if (!parameter.isEmpty()) {
        parameters.add(parameter);
      }
    }
    String login = userFound == null ? "postgres" : userFound;
    return new Endpoint(
        authority.isEmpty() ? "localhost:" + DEFAULT_PORT : authority,
        address.isEmpty() ? login : URLDecoder.decode(address, StandardCharsets.UTF_8),
        String.join("&", parameters),
        login,
        passwordFound == null ? "" : passwordFound);
  }

  /** The URL of a database of this server, without user and password. */
  String jdbcUrl(String name) {
    return PREFIX + "//" + authority + "/" + name + (query.isEmpty() ? "" : "?" + query);
  }

  /** The first host. */
  String host() {
    String first = authority.split(",")[0];
    int colon = portColon(first);
    return colon < 0 ? first : first.substring(0, colon);
  }

  /** The first host's port. */
  int port() {
    String first = authority.split(",")[0];
    int colon = portColon(first);
    return colon < 0 ? DEFAULT_PORT : Integer.parseInt(first.substring(colon + 1));
  }

  /** Omits the password. */
  @Override
  public String toString() {
    return "Endpoint[" + authority + "/" + database + "]";
  }

  private static int portColon(String hostAndPort) {
    int colon = hostAndPort.lastIndexOf(':');
    return colon > hostAndPort.lastIndexOf(']') ? colon : -1;
  }

  private static String value(String parameter) {
    return URLDecoder.decode(
        parameter.substring(parameter.indexOf('=') + 1), StandardCharsets.UTF_8);
  }
}
