package io.conversationstore.cli.table;

import io.conversationstore.cli.format.ImportHandler;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * A database of another program, in PostgreSQL or SQLite, that holds conversations. It is read in
 * one read-only transaction, so that the conversations are those of one moment. For one thread.
 */
public final class SourceDatabase implements AutoCloseable {
  private static final String CONNECT_SECONDS = "10";

  private final Connection connection;
  private final String name;

  private SourceDatabase(Connection connection, String name) {
    this.connection = connection;
    this.name = name;
  }

  /**
   * Connects to PostgreSQL.
   *
   * @param url {@code postgresql://user:password@host:port/database?parameters}; it is never shown
   * @throws IllegalArgumentException if the URL is not of that form
   * @throws SQLException if the database cannot be reached
   */
  public static SourceDatabase postgres(String url) throws SQLException {
    URI uri = parsed(url);
    Properties properties = new Properties();
    String login = uri.getRawUserInfo();
    if (login != null) {
      int colon = login.indexOf(':');
      properties.setProperty("user", decoded(colon < 0 ? login : login.substring(0, colon)));
      if (colon >= 0) {
        properties.setProperty("password", decoded(login.substring(colon + 1)));
      }
    }
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    properties.setProperty("ApplicationName", "conversations import");
    String place = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
    String parameters = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    Connection connection =
        DriverManager.getConnection(
            "jdbc:postgresql://" + place + uri.getRawPath() + parameters, properties);
    return begun(connection, Connection.TRANSACTION_REPEATABLE_READ, "database " + place);
  }

  private static URI parsed(String url) {
    try {
      URI uri = new URI(url);
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      boolean named = uri.getHost() != null && uri.getRawPath() != null;
      if (List.of("postgresql", "postgres").contains(scheme) && named) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw malformed();
    }
    throw malformed();
  }

  /** Without the text of the URL, which may hold a password. */
  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException(
        "the URL of the source must have the form postgresql://user:password@host:port/database,"
            + " with special characters in user and password escaped, such as %40 for @");
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Opens a SQLite file, which must exist. */
  public static SourceDatabase sqlite(Path file) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("open_mode", "1"); // SQLITE_OPEN_READONLY
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file, properties);
    return begun(connection, Connection.TRANSACTION_SERIALIZABLE, String.valueOf(file));
  }

  private static SourceDatabase begun(Connection connection, int isolation, String name)
      throws SQLException {
    try {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(isolation);
      if (isolation == Connection.TRANSACTION_REPEATABLE_READ) {
        connection.setReadOnly(true);
      }
      return new SourceDatabase(connection, name);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** The place without login, for people. */
  public String name() {
    return name;
  }

  /**
   * The tables that hold conversations.
   *
   * @param only names of tables with messages; empty for all
   */
  List<TableLayout> layouts(List<String> only) throws SQLException {
    return TableLayout.in(Table.all(connection.getMetaData())).stream()
        .filter(layout -> only.isEmpty() || only.contains(layout.messages().toString()))
        .toList();
  }

  /**
   * The tables that hold conversations, for people.
   *
   * @param only names of tables with messages; empty for all
   */
  public List<String> find(List<String> only) throws SQLException {
    return layouts(only).stream().map(TableLayout::toString).toList();
  }

  /**
   * Hands the conversations of all tables to the handler, or those of some tables.
   *
   * @param only names of tables with messages; empty for all
   */
  public void read(List<String> only, ImportHandler handler) throws SQLException {
    TableReader reader = new TableReader(connection, name, handler);
    for (TableLayout layout : layouts(only)) {
      reader.read(layout);
    }
    if (only.isEmpty()) {
      reader.preferences(Table.all(connection.getMetaData()));
    }
  }

  /** The names of all tables, for an error. */
  public String tables() throws SQLException {
    List<Table> tables = Table.all(connection.getMetaData());
    return tables.isEmpty()
        ? "none"
        : tables.stream().limit(20).map(Table::toString).collect(Collectors.joining(", "));
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
