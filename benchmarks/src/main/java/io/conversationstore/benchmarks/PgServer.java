package io.conversationstore.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The PostgreSQL of a run: a process of its own, which forces each commit to the disk. */
final class PgServer implements Bench.Shared {

  static final Owner OWNER = Owner.of("bench", "user");

  /** More than the largest number of threads that a line has. */
  private static final int POOL = 10;

  private final TestPostgres server;

  private PgServer(TestPostgres server) {
    this.server = server;
  }

  static PgServer of(Bench bench) throws Exception {
    return bench.shared(PgServer.class, () -> start(bench.report()));
  }

  private static PgServer start(Report report) throws SQLException {
    PgServer made =
        new PgServer(
            TestPostgres.builder()
                .durable(true)
                .setting("shared_buffers", "512MB")
                .setting("max_wal_size", "8GB")
                .setting("checkpoint_timeout", "30min")
                .start());
    report.note(
        "PostgreSQL "
            + made.server.version()
            + " in "
            + System.getProperty("java.io.tmpdir")
            + ", fsync "
            + made.text("postgres", "SHOW fsync")
            + ", synchronous_commit "
            + made.text("postgres", "SHOW synchronous_commit")
            + ", shared_buffers 512MB, max_wal_size 8GB");
    return made;
  }

  /** A new, empty database. */
  String database() {
    return server.createDatabase();
  }

  PostgresOptions options(String database) {
    return optionsOf(server.jdbcUrl(database));
  }

  /** The same through a network that can fail. */
  PostgresOptions options(String database, FaultProxy proxy) {
    return optionsOf(proxy.jdbcUrl(database));
  }

  private PostgresOptions optionsOf(String url) {
    return PostgresOptions.url(url)
        .withLogin(server.user(), server.password())
        .withPoolSize(1, POOL);
  }

  FaultProxy proxy() {
    return FaultProxy.to(server);
  }

  /** From now on no process of the server does anything; connections stay open. */
  void pause() {
    server.pause();
  }

  void resume() {
    server.resume();
  }

  /** The same with commits that the disk need not confirm: what the disk would hide shows. */
  PostgresOptions notForced(String database) {
    String url = server.jdbcUrl(database);
    return optionsOf(url + (url.contains("?") ? "&" : "?") + "options=-c%20synchronous_commit=off");
  }

  ConversationStore open(String database) {
    return PostgresStore.open(options(database));
  }

  Connection connect(String database) throws SQLException {
    return server.dataSource(database).getConnection();
  }

  /** A pool like the store's, for what is compared with it. */
  HikariDataSource pool(String database) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(server.dataSource(database));
    config.setMinimumIdle(1);
    config.setMaximumPoolSize(POOL);
    return new HikariDataSource(config);
  }

  String text(String database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet row = statement.getResultSet()) {
        return row.next() ? String.valueOf(row.getString(1)) : "";
      }
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
