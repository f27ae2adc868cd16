package io.conversationstore.postgres;

import java.io.PrintWriter;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Unpooled connections. The driver logs the URL of each (at FINE), and its own data source puts all
 * settings into the URL, including the password of a client's key; here they are passed separately.
 * Exceptions are thrown without the driver's text, which the pool would log.
 *
 * <p>Each session searches only PostgreSQL's own schema for functions and operators: user-defined
 * ones elsewhere might match better. The statement time-out is a session setting, enforced by the
 * server: the driver's own costs a timer task and a thread wake-up at each call. Poolers
 * (PgBouncer, RDS Proxy) reject or drop such settings, and a URL may have its own. Once the
 * time-out is not in force, {@link #serverEndsStatements()} stays false and the driver must enforce
 * it. Thread-safe.
 */
final class DriverDataSource implements DataSource {

  /** SQLSTATEs of servers and poolers that reject a startup parameter. */
  private static final Set<String> REFUSED_PARAMETER =
      Set.of("08P01", "0A000", "22023", "42601", "42704");

  private static final String OPTIONS = "options";
  private static final String SEARCH_PATH = "-c search_path=pg_catalog,pg_temp";

  private final PGSimpleDataSource settings;
  private final int statementTimeoutMillis;
  private volatile boolean serverEndsStatements;
  private volatile boolean takesSettings = true;

  /**
   * @param statementTimeoutSeconds the server's limit for a statement; 0 for no limit
   */
  DriverDataSource(PGSimpleDataSource settings, int statementTimeoutSeconds) {
    this.settings = settings;
    this.statementTimeoutMillis = statementTimeoutSeconds * 1_000;
    this.serverEndsStatements = statementTimeoutSeconds > 0;
  }

  /**
   * Whether the server ends slow statements, on every connection given out so far. False without a
   * limit.
   */
  boolean serverEndsStatements() {
    return serverEndsStatements;
  }

  @Override
  public Connection getConnection() throws SQLException {
    return getConnection(settings.getUser(), settings.getPassword());
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
    if (!takesSettings) {
      return connect(user, password, false);
    }
    Connection connection;
    try {
      connection = connect(user, password, true);
    } catch (SQLException e) {
      if (!REFUSED_PARAMETER.contains(Failures.state(e))) {
        throw e;
      }
      connection = connect(user, password, false);
      takesSettings = false;
      serverEndsStatements = false;
      return connection;
    }
    if (!serverEndsStatements) {
      return connection;
    }
    boolean known = false;
    try {
      if (!timesOut(connection)) {
        serverEndsStatements = false;
      }
      known = true;
    } finally {
      if (!known) {
        connection.close();
      }
    }
    return connection;
  }

  /** Whether the session has the requested time-out. */
  private boolean timesOut(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT current_setting('statement_timeout')::interval = interval '"
                    + statementTimeoutMillis
                    + " milliseconds'")) {
      return row.next() && Rows.flag(row, 1);
    }
  }

  private Connection connect(@Nullable String user, @Nullable String password, boolean session)
      throws SQLException {
    String url = settings.getUrl();
    int query = url.indexOf('?');
    Properties all = new Properties();
    for (String setting : query < 0 ? new String[0] : url.substring(query + 1).split("&", -1)) {
      int equals = setting.indexOf('=');
      if (equals > 0) {
        all.setProperty(
            decoded(setting.substring(0, equals)), decoded(setting.substring(equals + 1)));
      }
    }
    if (user != null) {
      all.setProperty("user", user);
    }
    if (password != null) {
      all.setProperty("password", password);
    }
    if (session) {
      // Of two values the last one wins, which is the URL's.
      String ours = SEARCH_PATH;
      if (serverEndsStatements) {
        ours += " -c statement_timeout=" + statementTimeoutMillis;
      }
      String theirs = all.getProperty(OPTIONS);
      all.setProperty(OPTIONS, theirs == null ? ours : ours + " " + theirs);
    }
    return DriverManager.getConnection(query < 0 ? url : url.substring(0, query), all);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return settings.getLogWriter();
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) {
    settings.setLogWriter(out);
  }

  @Override
  public void setLoginTimeout(int seconds) {
    settings.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() {
    return settings.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() {
    return settings.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return settings.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return settings.isWrapperFor(type);
  }
}
