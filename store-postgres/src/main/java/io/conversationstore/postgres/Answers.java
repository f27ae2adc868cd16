package io.conversationstore.postgres;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.ds.common.BaseDataSource;

/**
 * Checks with a separate connection whether the database answers while all connections of a pool
 * are in use: they may all wait for a locked row or for a silent database. One caller checks at a
 * time, also for the callers that wait meanwhile. Thread-safe.
 */
final class Answers {

  private final DataSource driver;
  private final long patienceNanos;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under {@link #lock}: the result and the time of the last check. */
  private boolean answered;

  private long answeredNanos;

  /**
   * @param patience the maximum wait for another caller's check
   */
  Answers(DataSource driver, Duration patience) {
    this.driver = driver;
    this.patienceNanos = TimeUnit.MILLISECONDS.toNanos(patience.toMillis());
  }

  /**
   * A check beside a pool of the application, with the store's time-outs: the pool may have none.
   * Null if the pool does not expose its URL. The pool must have been used.
   */
  static @Nullable Answers past(HikariDataSource pool, PostgresOptions.Values values)
      throws SQLException {
    PGSimpleDataSource driver = new PGSimpleDataSource();
    String url = pool.getJdbcUrl();
    String user = pool.getCredentials().getUsername();
    String password = pool.getCredentials().getPassword();
    if (pool.isWrapperFor(BaseDataSource.class)) {
      BaseDataSource its = pool.unwrap(BaseDataSource.class);
      url = its.getURL();
      user = user == null ? its.getUser() : user;
      password = password == null ? its.getPassword() : password;
    }
    if (url == null) {
      return null;
    }
    try {
      driver.setUrl(url);
    } catch (IllegalArgumentException notOfTheDriver) {
      return null;
    }
    driver.setUser(user);
    driver.setPassword(password);
    driver.setConnectTimeout(DriverSettings.seconds(values.connectTimeout));
    driver.setLoginTimeout(DriverSettings.seconds(values.connectTimeout));
    driver.setSocketTimeout(DriverSettings.seconds(values.socketTimeout));
    driver.setLogServerErrorDetail(false);
    return new Answers(
        new DriverDataSource(driver, 0), Duration.ofMillis(pool.getConnectionTimeout()));
  }

  boolean any() throws Failures.Interrupted {
    long asked = System.nanoTime();
    try {
      if (!lock.tryLock(patienceNanos, TimeUnit.NANOSECONDS)) {
        return false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failures.Interrupted();
    }
    try {
      if (!answered || answeredNanos - asked <= -patienceNanos) {
        answered = asks();
        answeredNanos = System.nanoTime();
      }
      return answered;
    } finally {
      lock.unlock();
    }
  }

  private boolean asks() throws Failures.Interrupted {
    try {
      driver.getConnection().close();
      return true;
    } catch (Failures.Interrupted e) {
      throw e;
    } catch (SQLException e) {
      // A server that rejects a login is available.
      return !Failures.losesDatabase(e);
    }
  }
}
