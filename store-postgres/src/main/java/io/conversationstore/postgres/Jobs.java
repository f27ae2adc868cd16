package io.conversationstore.postgres;

import io.conversationstore.spi.JobClaims;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;

/**
 * The claims of periodic jobs, a row each. A claim is a row with a time and not a lock: no session
 * or transaction stays open while the job runs, so it also works through PgBouncer in transaction
 * mode. Thread-safe.
 */
final class Jobs implements JobClaims {

  private static final Duration SHORTEST_WAIT = Duration.ofMillis(1);

  private final Database database;
  private final Sql sql;

  Jobs(Database database, Sql sql) {
    this.database = database;
    this.sql = sql;
  }

  @Override
  public Claim claim(String job, UUID node, Duration interval) {
    return database.write(connection -> claim(connection, job, node, interval));
  }

  private Claim claim(Connection connection, String job, UUID node, Duration interval)
      throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, sql.claimJob)) {
      long millis = interval.toMillis();
      database.bind(statement, null).text(job).uuid(node).number(millis).number(millis);
      try (ResultSet row = database.rows(statement)) {
        if (row.next()) {
          return new Claim(Duration.ZERO, Rows.requireTime(row, 1));
        }
      }
    }
    try (PreparedStatement statement = database.prepare(connection, sql.jobAge)) {
      database.bind(statement, null).text(job);
      try (ResultSet row = database.rows(statement)) {
        Reads.requireRow(row);
        Duration wait = interval.minusMillis(Rows.number(row, 2));
        return new Claim(
            wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : wait, Rows.requireTime(row, 1));
      }
    }
  }

  @Override
  public void renew(String job, UUID node) {
    database.write(
        connection -> {
          try (PreparedStatement statement = database.prepare(connection, sql.renewJob)) {
            database.bind(statement, null).text(job).uuid(node);
            return statement.execute();
          }
        });
  }
}
