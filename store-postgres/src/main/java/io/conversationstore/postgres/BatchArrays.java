package io.conversationstore.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;

/** Sets one array for each column of many rows, one parameter after the other. For one thread. */
final class BatchArrays<T> {

  private final Connection connection;
  private final PreparedStatement statement;
  private final List<T> rows;
  private int next = 1;

  BatchArrays(Connection connection, PreparedStatement statement, List<T> rows) {
    this.connection = connection;
    this.statement = statement;
    this.rows = rows;
  }

  void add(String type, Function<T, Object> column) throws SQLException {
    statement.setArray(next++, connection.createArrayOf(type, rows.stream().map(column).toArray()));
  }

  /** A single value after the arrays. */
  void text(String value) throws SQLException {
    statement.setString(next++, value);
  }
}
