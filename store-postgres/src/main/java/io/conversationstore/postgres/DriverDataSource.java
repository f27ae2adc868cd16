package io.conversationstore.postgres;

import java.io.PrintWriter;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Unpooled connections. The driver logs the URL of each (at FINE), and its own data source puts all
 * settings into that, the password of a client's key included; here they go beside it. What is
 * thrown has lost the driver's text, which the pool would log.
 */
final class DriverDataSource implements DataSource {

  private final PGSimpleDataSource settings;

  DriverDataSource(PGSimpleDataSource settings) {
    this.settings = settings;
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
