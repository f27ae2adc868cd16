package io.conversationstore.postgres;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreFigures;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work on connections: takes a connection, retries if allowed, translates errors, and records
 * whether the database answered last. Creates the schema before the first work. Thread-safe.
 */
final class Database implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);
  private static final String SEEN =
      "SELECT set_config('conversation_store.tenant', ?, true),"
          + " set_config('conversation_store.all_tenants', ?, true); ";
  private static final int ATTEMPTS = 6;
  private static final long FIRST_BACKOFF_MILLIS = 5;

  /** Work on a connection in autocommit. */
  @FunctionalInterface
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  /** Whether the database answered the last call. */
  record Reachability(boolean reachable, Instant since, String reason) {}

  private final @Nullable DriverDataSource driver;
  private final Connections connections;
  private final Migrations migrations;
  private final Sleeper sleeper;
  private final Clock clock;
  private final RandomGenerator random;
  private final int statementTimeoutSeconds;
  private final int removalTimeoutMillis;

  /** Connections in a transaction with its own time-out. */
  private final Set<Connection> unhurried = ConcurrentHashMap.newKeySet();

  private final boolean rowSecurity;
  private final String lockTimeout;
  private final long lockTimeoutNanos;
  private final ReentrantLock schemaLock = new ReentrantLock();
  private final Duration schemaPatience;
  private volatile boolean schemaReady;

  /** Both written under {@link #schemaLock}: the number of failures, and the last one. */
  private final AtomicInteger schemaFailures = new AtomicInteger();

  private @Nullable EngineFailureException schemaFailure;

  /** Under {@link #schemaLock}. */
  private boolean policiesChecked;

  private volatile boolean closed;
  private volatile Reachability reachability;

  /**
   * @param versions the versions of the schema that the library knows
   * @param bound whether data outside the database belongs to a store in the schema; a missing
   *     schema is then not created
   */
  Database(PostgresOptions.Values values, Sleeper sleeper, SchemaVersions versions, boolean bound) {
    this.statementTimeoutSeconds = DriverSettings.seconds(values.statementTimeout);
    this.removalTimeoutMillis = DriverSettings.seconds(values.removalTimeout) * 1_000;
    DataSource given = values.dataSource;
    if (given != null) {
      DataSource guarded = new GivenSource(given);
      this.driver = null;
      this.connections = Connections.given(guarded, given, values);
      this.migrations =
          new Migrations(
              guarded, versions, values.schema, values.migrate, bound, values.rowSecurity);
    } else {
      PGSimpleDataSource settings = DriverSettings.of(values);
      this.driver = new DriverDataSource(settings, statementTimeoutSeconds);
      this.connections = Connections.pooled(driver, values);
      // Flyway takes several connections at once, more than a small pool may have, and only the
      // socket time-out applies to its statements.
      this.migrations =
          new Migrations(
              new DriverDataSource(settings, 0),
              versions,
              values.schema,
              values.migrate,
              bound,
              values.rowSecurity);
    }
    this.schemaPatience = values.socketTimeout;
    this.sleeper = sleeper;
    this.clock = values.clock;
    this.random = values.random;
    this.rowSecurity = values.rowSecurity;
    this.lockTimeout = values.lockTimeout.toMillis() + "ms";
    this.lockTimeoutNanos = TimeUnit.MILLISECONDS.toNanos(values.lockTimeout.toMillis());
    this.reachability = new Reachability(false, clock.instant(), "not contacted yet");
  }

  /** The lock time-out of functions, in PostgreSQL's notation. */
  String lockTimeout() {
    return lockTimeout;
  }

  /**
   * A statement for the rows of one tenant or of all; {@link #bind} sets its parameters and {@link
   * #rows} returns its rows. With row-level security it is two statements, sent together and run in
   * one transaction; the first sets the visible tenant.
   */
  PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(rowSecurity ? SEEN + sql : sql);
    if (statementTimeoutSeconds > 0 && !serverEndsStatements() && !unhurried.contains(connection)) {
      statement.setQueryTimeout(statementTimeoutSeconds);
    }
    return statement;
  }

  /** Whether the server, not the driver, ends a statement that takes too long. */
  boolean serverEndsStatements() {
    return driver != null && driver.serverEndsStatements();
  }

  /** Sets the parameters of such a statement for this tenant's rows; null for all rows. */
  Binder bind(PreparedStatement statement, @Nullable String tenantId) throws SQLException {
    Binder in = new Binder(statement);
    if (rowSecurity) {
      in.text(tenantId == null ? "" : tenantId).text(tenantId == null ? "on" : "");
    }
    return in;
  }

  ResultSet rows(PreparedStatement statement) throws SQLException {
    if (!rowSecurity) {
      return statement.executeQuery();
    }
    statement.execute();
    statement.getMoreResults();
    return statement.getResultSet();
  }

  boolean rowSecurity() {
    return rowSecurity;
  }

  /**
   * Tries to create the schema; a database that is away is logged, not thrown.
   *
   * @param refusesUnfit whether to throw for a schema of a later library and for a database that
   *     cannot hold every text
   */
  void start(boolean refusesUnfit) {
    try {
      ensureSchema();
    } catch (EngineFailureException e) {
      if (refusesUnfit && (migrations.later() || migrations.unfit())) {
        throw new StoreConfigurationException(String.valueOf(e.getMessage()));
      }
      if (e.kind() == FailureKind.MISCONFIGURED) {
        LOG.error("The database is not usable: {}; each call of the store retries", e.getMessage());
      } else {
        LOG.warn("The database is not usable: {}; each call of the store retries", e.getMessage());
      }
    }
  }

  <T> T read(Work<T> work) {
    return run(work, false);
  }

  <T> T write(Work<T> work) {
    return run(work, true);
  }

  /** Like {@link #write}, in one transaction. */
  <T> T transaction(Work<T> work) {
    return run(
        connection -> {
          connection.setAutoCommit(false);
          boolean done = false;
          try {
            T result = work.on(connection);
            connection.commit();
            done = true;
            return result;
          } finally {
            if (!done) {
              rollback(connection);
            }
            if (!connection.isClosed()) {
              restoreAutoCommit(connection);
            }
          }
        },
        true);
  }

  /**
   * Like {@link #transaction}, for removals that exceed the statement time-out. A server that is
   * silent from the start is noticed as early as usual.
   */
  <T> T removal(Work<T> work) {
    return transaction(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL statement_timeout = " + removalTimeoutMillis);
          }
          int patience = connection.getNetworkTimeout();
          unhurried.add(connection);
          try {
            if (patience > 0) {
              long longer = patience + (long) removalTimeoutMillis;
              connection.setNetworkTimeout(
                  Runnable::run, (int) Math.min(Integer.MAX_VALUE, longer));
            }
            return work.on(connection);
          } finally {
            unhurried.remove(connection);
            if (patience > 0 && !connection.isClosed()) {
              connection.setNetworkTimeout(Runnable::run, patience);
            }
          }
        });
  }

  private static void rollback(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.debug("A rollback failed: {}", Failures.describe(e));
    }
  }

  private static void restoreAutoCommit(Connection connection) {
    try {
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      LOG.debug("A connection was lost: {}", Failures.describe(e));
    }
  }

  private <T> T run(Work<T> work, boolean write) {
    requireOpen();
    ensureSchema();
    long start = System.nanoTime();
    boolean renewed = false;
    for (int attempt = 1; ; attempt++) {
      SQLException error;
      boolean sent = false;
      Connection connection = connect();
      boolean autoCommit = true;
      try {
        autoCommit = connection.getAutoCommit();
        if (!autoCommit) {
          connection.setAutoCommit(true);
        }
        sent = write;
        T result = work.on(connection);
        answered();
        return result;
      } catch (SQLException e) {
        error = e;
        if (Failures.breaksConnection(e)) {
          connections.evict(connection);
          if (Failures.losesDatabase(e) && !Failures.isInterrupted(e)) {
            connections.lost();
          }
        }
      } finally {
        giveBack(connection, autoCommit);
      }
      if (Failures.isStaleSession(error) && !renewed) {
        renewed = true;
      } else if (Failures.isContention(error) && attempt < ATTEMPTS && !hasWaited(error, start)) {
        backOff(attempt, error);
      } else {
        throw failed(Failures.of(error, sent), error);
      }
    }
  }

  /**
   * Whether the lock wait reached its time-out. A row locked that long probably stays locked, and
   * another wait would keep a connection from other callers.
   */
  private boolean hasWaited(SQLException error, long start) {
    return Failures.isLockTimeout(error) && System.nanoTime() - start >= lockTimeoutNanos;
  }

  private Connection connect() {
    try {
      return connections.take();
    } catch (SQLException e) {
      requireOpen();
      throw failed(Failures.of(e, false), e);
    }
  }

  /** A connection that cannot be returned does not change the outcome of the work. */
  private static void giveBack(Connection connection, boolean autoCommit) {
    try (connection) {
      if (!autoCommit && !connection.isClosed()) {
        connection.setAutoCommit(false);
      }
    } catch (SQLException e) {
      LOG.debug("A connection was lost: {}", Failures.describe(e));
    }
  }

  private void backOff(int attempt, SQLException error) {
    long most = FIRST_BACKOFF_MILLIS << attempt;
    long millis = random.nextLong(most / 2, most + 1);
    try {
      sleeper.sleep(Duration.ofMillis(millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Failures.of(error, false);
    }
  }

  /** Checks the schema again before the next call: the database may now be an older copy. */
  void checkSchema() {
    schemaReady = false;
  }

  /**
   * Creates or checks the schema if needed. One caller does it, and concurrent callers share its
   * failure: otherwise each in turn would wait for a silent database.
   */
  private void ensureSchema() {
    if (schemaReady) {
      return;
    }
    int before = schemaFailures.get();
    awaitSchemaLock();
    try {
      if (schemaReady) {
        return;
      }
      EngineFailureException shared = schemaFailure;
      if (shared != null && schemaFailures.get() != before) {
        requireOpen();
        throw new EngineFailureException(
            shared.kind(), false, String.valueOf(shared.getMessage()), shared);
      }
      makeSchema();
    } finally {
      schemaLock.unlock();
    }
  }

  private void awaitSchemaLock() {
    boolean mine = false;
    try {
      mine = schemaLock.tryLock(schemaPatience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Failures.of(new Failures.Interrupted(), false);
    }
    if (!mine) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE,
          false,
          "the database is not available: another call creates its schema or waits for its answer",
          null);
    }
  }

  private void makeSchema() {
    try {
      migrations.ensure();
      if (rowSecurity && !policiesChecked) {
        String fault = migrations.policiesFault();
        if (fault != null) {
          LOG.warn("{}", fault);
        }
        policiesChecked = true;
      }
      connections.back();
      schemaFailure = null;
      schemaReady = true;
      answered();
    } catch (SQLException e) {
      requireOpen();
      RuntimeException failure = failed(Failures.of(e, false), e);
      if (Failures.isInterrupted(e)) {
        throw failure;
      }
      connections.lost();
      throw shared(failure);
    } catch (EngineFailureException e) {
      throw shared(e);
    }
  }

  private RuntimeException shared(RuntimeException failure) {
    if (failure instanceof EngineFailureException engine) {
      schemaFailure = engine;
      schemaFailures.incrementAndGet();
    }
    return failure;
  }

  /** The version of the schema that the library needs. */
  int latestSchema() {
    return migrations.latest();
  }

  int schemaVersion(Connection connection) throws SQLException {
    return migrations.version(connection);
  }

  private void answered() {
    if (!reachability.reachable()) {
      reachability = new Reachability(true, clock.instant(), "the database responds");
    }
  }

  private RuntimeException failed(RuntimeException failure, SQLException error) {
    if (failure instanceof EngineFailureException engine
        && (engine.kind() == FailureKind.UNAVAILABLE
            || engine.kind() == FailureKind.MISCONFIGURED)) {
      if (reachability.reachable() || reachability.reason().equals("not contacted yet")) {
        LOG.warn("The database does not respond: {}", Failures.describe(error));
      }
      reachability =
          new Reachability(
              false,
              reachability.reachable() ? clock.instant() : reachability.since(),
              String.valueOf(failure.getMessage()));
    }
    return failure;
  }

  /** See {@link Connections#figures}. */
  StoreFigures.@Nullable Pool pool() {
    return connections.figures();
  }

  Reachability reachability() {
    return reachability;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    connections.close();
  }
}
