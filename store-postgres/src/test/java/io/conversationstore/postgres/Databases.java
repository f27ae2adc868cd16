package io.conversationstore.postgres;

import io.conversationstore.Owner;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** A database of the shared server for one test class, and short ways to it. */
final class Databases {

  static final Owner ALICE = Owner.of("acme", "alice");
  private static final UUID NODE = UUID.randomUUID();

  private final TestPostgres server;
  final String name;

  private Databases(TestPostgres server) {
    this.server = server;
    this.name = server.createDatabase();
  }

  static Databases create() {
    return new Databases(TestPostgres.shared());
  }

  static Databases on(TestPostgres server) {
    return new Databases(server);
  }

  PostgresOptions options() {
    return PostgresOptions.url(server.jdbcUrl(name)).withLogin(server.user(), server.password());
  }

  PostgresOptions through(String host, int port) {
    return PostgresOptions.at(host, port, name).withLogin(server.user(), server.password());
  }

  String text(String sql) throws SQLException {
    try (Connection connection = server.dataSource(name).getConnection();
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet row = statement.getResultSet()) {
        return row.next() ? String.valueOf(row.getString(1)) : "";
      }
    }
  }

  Connection connection() throws SQLException {
    return server.dataSource(name).getConnection();
  }

  static ChangeStamp stamp(Owner owner) {
    return new ChangeStamp(
        UUID.randomUUID(),
        owner,
        ChangeStamp.PRESENT_EPOCH,
        Instant.now().truncatedTo(ChronoUnit.MICROS),
        NODE);
  }
}
