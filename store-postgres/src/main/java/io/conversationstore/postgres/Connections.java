package io.conversationstore.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.conversationstore.StoreFigures;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Provides connections from the application's data source or from a pool made here. After a lost
 * connection the next caller connects directly, which fails at once if the database is away. When
 * the database is back, the pool is renewed: its own recovery would take seconds, because it waits
 * longer after each try, and would give out dead connections first. Thread-safe.
 */
final class Connections implements AutoCloseable {

  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

  private final DataSource source;
  private final PostgresOptions.Values values;
  private final @Nullable Pools pools;

  /** The check beside a given pool; made at first use. */
  private volatile @Nullable Answers answers;

  /** The application's data source; null if the pool was made here. */
  private final @Nullable DataSource given;

  private Connections(
      DataSource source,
      @Nullable DataSource given,
      PostgresOptions.Values values,
      @Nullable Pools pools) {
    this.source = source;
    this.given = given;
    this.values = values;
    this.pools = pools;
  }

  /**
   * Connections of the application's data source, which stays open.
   *
   * @param guarded provides the same connections
   */
  static Connections given(DataSource guarded, DataSource source, PostgresOptions.Values values) {
    return new Connections(guarded, source, values, null);
  }

  static Connections pooled(DataSource driver, PostgresOptions.Values values) {
    return new Connections(driver, null, values, new Pools(driver, values));
  }

  Connection take() throws SQLException {
    if (pools != null) {
      return pools.take();
    }
    try {
      return source.getConnection();
    } catch (SQLException e) {
      if (Failures.isInterrupted(e)) {
        throw new Failures.Interrupted();
      }
      throw e instanceof SQLTransientConnectionException
              && given instanceof HikariDataSource pool
              && inUse(pool, e)
              && answersPast(pool)
          ? new Failures.PoolBusy()
          : e;
    }
  }

  /** Whether a pool had no free connection in time because all are in use. */
  private static boolean inUse(HikariDataSource pool, SQLException e) {
    // A cause would be the pool's last failure to connect.
    return e.getCause() == null
        && pool.getHikariPoolMXBean().getTotalConnections() >= pool.getMaximumPoolSize();
  }

  /** Whether the database answers beside a given pool; false if unknown. */
  private boolean answersPast(HikariDataSource pool) throws SQLException {
    Answers known = answers;
    if (known == null) {
      known = Answers.past(pool, values);
      answers = known;
    }
    return known != null && known.any();
  }

  /** The pool's figures; null if the given source is not a HikariCP pool. */
  StoreFigures.@Nullable Pool figures() {
    HikariDataSource pool = pools != null ? pools.current : null;
    if (given instanceof HikariDataSource its) {
      pool = its;
    }
    // A given pool that was not used yet has none.
    HikariPoolMXBean figures = pool == null ? null : pool.getHikariPoolMXBean();
    return pool == null || figures == null
        ? null
        : new StoreFigures.Pool(
            figures.getActiveConnections(),
            figures.getIdleConnections(),
            figures.getThreadsAwaitingConnection(),
            pool.getMaximumPoolSize());
  }

  /** Reports that a connection failed or could not be made. */
  void lost() {
    if (pools != null) {
      pools.suspect = true;
    }
  }

  /** Reports that the database answered on a connection from elsewhere. */
  void back() {
    if (pools != null && pools.suspect) {
      pools.back();
    }
  }

  /** Ensures that a connection is not given out again. */
  void evict(Connection connection) {
    try {
      if (pools != null) {
        pools.current.evictConnection(connection);
      } else if (given instanceof HikariDataSource its) {
        its.evictConnection(connection);
      }
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      LOG.debug("A broken connection could not be aborted: {}", Failures.describe(e));
    }
  }

  @Override
  public void close() {
    if (pools != null) {
      pools.close();
    }
  }

  /** The pool in use, and retired pools that are still open. */
  private static final class Pools {
    private final DataSource driver;
    private final PostgresOptions.Values values;
    private final ReentrantLock recovery = new ReentrantLock();
    private final Set<HikariDataSource> retired = ConcurrentHashMap.newKeySet();
    private volatile Watched watched;
    private volatile HikariDataSource current;
    private volatile boolean suspect;
    private volatile boolean closed;

    private final Answers answers;

    Pools(DataSource driver, PostgresOptions.Values values) {
      this.driver = driver;
      this.values = values;
      this.answers = new Answers(driver, values.poolTimeout);
      this.watched = new Watched(driver);
      this.current = pool(watched, values);
    }

    Connection take() throws SQLException {
      if (suspect) {
        Connection direct = direct();
        if (direct != null) {
          return direct;
        }
      }
      HikariDataSource pool = current;
      try {
        return pool.getConnection();
      } catch (SQLException e) {
        if (Failures.isInterrupted(e)) {
          throw new Failures.Interrupted();
        }
        if (pool != current) {
          return current.getConnection();
        }
        // If a connection is still being made, or others hold them all, the pool has lost nothing:
        // renewing it would discard connections that it is about to get.
        if (!watched.failed && inUse(pool, e)) {
          if (answers.any()) {
            throw new Failures.PoolBusy();
          }
          suspect = true;
          throw e;
        }
        suspect |= watched.failed || e.getCause() instanceof SQLException;
        throw e;
      }
    }

    /** A connection beside the pool, or null if another caller has renewed the pool. */
    private @Nullable Connection direct() throws SQLException {
      boolean mine = false;
      try {
        mine = recovery.tryLock(values.poolTimeout.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Failures.Interrupted();
      }
      if (!mine) {
        throw new SQLTransientConnectionException("no connection was free in time", "08001");
      }
      try {
        if (!suspect) {
          return null;
        }
        Connection connection = driver.getConnection();
        renew();
        return connection;
      } finally {
        recovery.unlock();
      }
    }

    void back() {
      recovery.lock();
      try {
        if (suspect) {
          renew();
        }
      } finally {
        recovery.unlock();
      }
    }

    /** Drops idle connections; replaces a pool that waits before its next try. */
    private void renew() {
      HikariDataSource old = current;
      if (watched.failed && !closed) {
        watched = new Watched(driver);
        retired.add(old);
        current = pool(watched, values);
        old.getHikariConfigMXBean().setMinimumIdle(0);
        // Leaves time for calls that still run on it.
        CompletableFuture.delayedExecutor(values.socketTimeout.toMillis(), TimeUnit.MILLISECONDS)
            .execute(() -> retire(old));
      }
      old.getHikariPoolMXBean().softEvictConnections();
      suspect = false;
    }

    private void retire(HikariDataSource old) {
      old.close();
      retired.remove(old);
    }

    void close() {
      recovery.lock();
      try {
        closed = true;
        current.close();
        retired.forEach(HikariDataSource::close);
      } finally {
        recovery.unlock();
      }
    }

    private static HikariDataSource pool(DataSource driver, PostgresOptions.Values values) {
      Duration wait = values.poolTimeout;
      HikariConfig config = new HikariConfig();
      config.setPoolName("conversation-store");
      config.setDataSource(driver);
      config.setMaximumPoolSize(values.maxPool);
      config.setMinimumIdle(values.minPool);
      config.setIdleTimeout(Math.max(10_000, values.idleTimeout.toMillis()));
      config.setConnectionTimeout(Math.max(250, wait.toMillis()));
      config.setValidationTimeout(Math.max(250, Math.min(1_000, wait.toMillis())));
      config.setInitializationFailTimeout(-1);
      // Set explicitly instead of read from the first connection: if that one breaks meanwhile,
      // HikariCP 7.1.0 sets level -1 on all later ones, which the driver rejects.
      config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
      config.setExceptionOverride(new QuietPoolErrors());
      return new HikariDataSource(config);
    }
  }

  /** Records whether the pool's last try to connect failed. */
  private static final class Watched implements DataSource {
    private final DataSource driver;
    private volatile boolean failed;

    Watched(DataSource driver) {
      this.driver = driver;
    }

    @Override
    public Connection getConnection() throws SQLException {
      try {
        Connection connection = driver.getConnection();
        failed = false;
        return connection;
      } catch (SQLException e) {
        failed = true;
        throw e;
      }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      return driver.getConnection(user, password);
    }

    @Override
    public @Nullable PrintWriter getLogWriter() throws SQLException {
      return driver.getLogWriter();
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
      driver.setLogWriter(out);
    }

    /**
     * Does nothing: the pool would set the time that a call waits for a connection, in which the
     * driver may not reach a second host behind a silent one.
     */
    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() throws SQLException {
      return driver.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      return driver.getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      return driver.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
      return driver.isWrapperFor(type);
    }
  }
}
