package io.conversationstore.postgres;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/**
 * A data source of the application that may provide a connection in the middle of a transaction,
 * for instance the transaction of a thread. The store's commits would then commit the application's
 * work, so such a connection is rejected. Thread-safe.
 */
final class GivenSource implements DataSource {

  private final DataSource source;

  GivenSource(DataSource source) {
    this.source = source;
  }

  /**
   * A connection outside of any transaction.
   *
   * @throws IllegalStateException if it is in a transaction, or its state is unknown
   */
  @Override
  public Connection getConnection() throws SQLException {
    return free(source.getConnection());
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return free(source.getConnection(user, password));
  }

  private static Connection free(Connection connection) throws SQLException {
    boolean free = false;
    try {
      requireFree(connection);
      free = true;
      return connection;
    } finally {
      if (!free) {
        // Only returned; the owner of the transaction ends it.
        connection.close();
      }
    }
  }

  private static void requireFree(Connection connection) throws SQLException {
    if (connection.isWrapperFor(BaseConnection.class)) {
      TransactionState state = connection.unwrap(BaseConnection.class).getTransactionState();
      if (state != TransactionState.IDLE) {
        throw new IllegalStateException(
            "the DataSource returned a connection that is in a transaction; call the store outside"
                + " of transactions, or give it a DataSource whose connections do not join them");
      }
    } else if (!connection.getAutoCommit()) {
      throw new IllegalStateException(
          "the DataSource returned a connection without autocommit that does not report whether it"
              + " is in a transaction; give the store a DataSource with autocommit");
    }
  }

  @Override
  public @Nullable PrintWriter getLogWriter() throws SQLException {
    return source.getLogWriter();
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
    source.setLogWriter(out);
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    source.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return source.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    return source.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return source.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return source.isWrapperFor(type);
  }
}
