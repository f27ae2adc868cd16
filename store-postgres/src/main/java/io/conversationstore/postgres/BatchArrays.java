package io.conversationstore.postgres;

import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;

/** Sets one array per column of many rows, one parameter after the other. For one thread. */
final class BatchArrays<T> {

  private final Binder in;
  private final List<T> rows;

  BatchArrays(Binder in, List<T> rows) {
    this.in = in;
    this.rows = rows;
  }

  void add(String type, Function<T, Object> column) throws SQLException {
    in.array(type, rows.stream().map(column).toArray());
  }

  /** A single value after the arrays. */
  void text(String value) throws SQLException {
    in.text(value);
  }
}
