package io.conversationstore.postgres;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * Unpooled connections. The driver logs the URL of each (at FINE), and its own data source puts all
 * settings into that, the password of a client's key included; here they go beside it. What is
 * thrown has lost the driver's text, which the pool would log.
 */
final class DriverDataSource extends PGSimpleDataSource {

  private static final long serialVersionUID = 1;

  @Override
  public Connection getConnection() throws SQLException {
    return getConnection(getUser(), getPassword());
  }

  @Override
  public Connection getConnection(@Nullable String user, @Nullable String password)
      throws SQLException {
    try {
      return connect(user, password);
    } catch (SQLException e) {
      throw Failures.redacted(e);
    }
  }

  private Connection connect(@Nullable String user, @Nullable String password) throws SQLException {
    Properties settings = Driver.parseURL(getUrl(), null);
    if (settings == null) {
      throw new PSQLException(
          "the settings are not understood", PSQLState.CONNECTION_UNABLE_TO_CONNECT);
    }
    if (user != null) {
      PGProperty.USER.set(settings, user);
    }
    if (password != null) {
      PGProperty.PASSWORD.set(settings, password);
    }
    Connection connection = new Driver().connect(place(), settings);
    if (connection == null) {
      throw new PSQLException(
          "the URL is not the driver's", PSQLState.CONNECTION_UNABLE_TO_CONNECT);
    }
    return connection;
  }

  /** Hosts, ports and the database. */
  private String place() {
    StringBuilder url = new StringBuilder("jdbc:postgresql://");
    String[] hosts = getServerNames();
    int[] ports = getPortNumbers();
    for (int i = 0; i < hosts.length; i++) {
      url.append(i == 0 ? "" : ",").append(hosts[i]);
      if (i < ports.length && ports[i] != 0) {
        url.append(':').append(ports[i]);
      }
    }
    String database = getDatabaseName();
    return url.append('/')
        .append(database == null ? "" : URLEncoder.encode(database, StandardCharsets.UTF_8))
        .toString();
  }
}
