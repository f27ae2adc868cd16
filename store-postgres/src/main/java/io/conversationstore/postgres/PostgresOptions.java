package io.conversationstore.postgres;

import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.OptionChecks;
import io.conversationstore.spi.UuidV7;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link PostgresStore}: the address of the database or a {@link DataSource}, and its
 * options. The {@code with…} methods return a changed copy. Immutable; texts from this class never
 * contain the password.
 */
public final class PostgresOptions {

  /** The default schema. */
  public static final String DEFAULT_SCHEMA = "conversation_store";

  private static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  /** More than a server accepts. */
  private static final int MOST_CONNECTIONS = 10_000;

  /** In milliseconds this fits the integer types of driver and server. */
  private static final Duration LONGEST = Duration.ofDays(20);

  /** Excludes characters of a login or a URL. */
  private static final Pattern HOST = Pattern.compile("[^\\s/@?#]+");

  private final Values values;

  private PostgresOptions(Values values) {
    this.values = values;
  }

  /**
   * The database at a URL of the form {@code jdbc:postgresql://host:port/database?sslmode=…}. Its
   * parameters override the defaults here and are overridden by {@code with…} methods; only {@code
   * logServerErrorDetail} is always off, because it would show values.
   */
  public static PostgresOptions url(String jdbcUrl) {
    OptionChecks.requireGiven("the JDBC URL", jdbcUrl);
    if (!jdbcUrl.startsWith("jdbc:postgresql:")) {
      throw new StoreConfigurationException("the JDBC URL must start with jdbc:postgresql:");
    }
    int query = jdbcUrl.indexOf('?');
    if (jdbcUrl.substring(0, query < 0 ? jdbcUrl.length() : query).indexOf('@') >= 0) {
      // The driver does not read a login there: it would use parts of a password as host and
      // database.
      throw new StoreConfigurationException(
          "the JDBC URL has an @ before its parameters; give user and password by withLogin, and in"
              + " the database name write @ as %40");
    }
    Values values = new Values();
    values.url = jdbcUrl;
    return new PostgresOptions(values);
  }

  /** The database {@code database} at a host and port. */
  public static PostgresOptions at(String host, int port, String database) {
    OptionChecks.requireGiven("host", host);
    OptionChecks.requireGiven("database", database);
    if (!HOST.matcher(host).matches() || database.isBlank() || port < 1 || port > 65_535) {
      throw new StoreConfigurationException(
          "host, port or database is invalid: host and database must not be blank, and port must be"
              + " 1 to 65535");
    }
    Values values = new Values();
    values.host = host;
    values.port = port;
    values.database = database;
    return new PostgresOptions(values);
  }

  /**
   * A pool of the application, which stays open when the store is closed. The search path of its
   * sessions should begin with {@code pg_catalog} and contain no schema where others may create
   * functions; see {@code docs/schema.md}.
   *
   * <p>It needs a socket time-out (the driver's {@code socketTimeout}); without one, a call to a
   * silent server waits forever. If all connections of a HikariCP pool are in use, the store
   * connects once beside it, with the pool's own address and login, to distinguish a busy pool from
   * a silent server. A pool with a data source other than the driver's counts as unavailable in
   * this case.
   *
   * <p>The store commits its own work. A call fails with an {@link IllegalStateException} if the
   * source provides a connection that is in a transaction, for instance the transaction of a
   * thread: use a separate source for the store in this case.
   */
  public static PostgresOptions dataSource(DataSource dataSource) {
    Values values = new Values();
    values.dataSource = OptionChecks.requireGiven("dataSource", dataSource);
    return new PostgresOptions(values);
  }

  /** The user and password of the login. */
  public PostgresOptions withLogin(String user, String password) {
    Values next = new Values(values);
    next.user = user;
    next.password = password;
    return new PostgresOptions(next);
  }

  /** The TLS mode, the driver's setting of this name; unset by default. */
  public PostgresOptions withSslMode(String sslMode) {
    Values next = new Values(values);
    next.sslMode = sslMode;
    return new PostgresOptions(next);
  }

  /** The schema of the tables: lower-case letters, digits and underscores, up to 63 characters. */
  public PostgresOptions withSchema(String schema) {
    Values next = new Values(values);
    next.schema = requireSchema(schema);
    return new PostgresOptions(next);
  }

  /** Whether the store creates and migrates its schema (the default) or only checks it. */
  public PostgresOptions withMigration(boolean on) {
    Values next = new Values(values);
    next.migrate = on;
    return new PostgresOptions(next);
  }

  /** Connections of the store's own pool; default 2 to 10. */
  public PostgresOptions withPoolSize(int min, int max) {
    if (min < 0 || max < 1 || min > max || max > MOST_CONNECTIONS) {
      throw new StoreConfigurationException(
          "the pool sizes must be 0 <= min <= max, with max from 1 to " + MOST_CONNECTIONS);
    }
    Values next = new Values(values);
    next.minPool = min;
    next.maxPool = max;
    return new PostgresOptions(next);
  }

  /**
   * The idle time-out of a pooled connection (30 s), and a caller's wait for a connection (2 s).
   */
  public PostgresOptions withPoolTimeouts(Duration idle, Duration connection) {
    Values next = new Values(values);
    next.idleTimeout = requirePositive("idle time-out", idle);
    next.poolTimeout = requirePositive("connection time-out", connection);
    return new PostgresOptions(next);
  }

  /** The time-outs for connecting (2 s) and for bytes from the server (10 s). */
  public PostgresOptions withNetworkTimeouts(Duration connect, Duration socket) {
    Values next = new Values(values);
    next.connectTimeout = requirePositive("connect time-out", connect);
    next.socketTimeout = requirePositive("socket time-out", socket);
    next.setInCode("connectTimeout", "loginTimeout", "socketTimeout");
    return new PostgresOptions(next);
  }

  /**
   * The time-outs of a statement (whole seconds; 8 s; zero for no limit) and of a lock wait (5 s).
   */
  public PostgresOptions withStatementTimeouts(Duration statement, Duration lock) {
    Values next = new Values(values);
    next.statementTimeout = requireShort("statement time-out", statement);
    next.lockTimeout = requirePositive("lock time-out", lock);
    return new PostgresOptions(next);
  }

  /**
   * The time-out for an erasure of an owner or a delete of a conversation that exceeded the
   * statement time-out; default 10 min. It is then run a second time, as one transaction. Meanwhile
   * it locks the rows that it removes, and the call waits for a silent server up to this time plus
   * the socket time-out.
   */
  public PostgresOptions withRemovalTimeout(Duration removal) {
    Values next = new Values(values);
    next.removalTimeout = requirePositive("removal time-out", removal);
    return new PostgresOptions(next);
  }

  /** Whether the operating system probes idle connections; default true. */
  public PostgresOptions withTcpKeepAlive(boolean on) {
    Values next = new Values(values);
    next.tcpKeepAlive = on;
    next.setInCode("tcpKeepAlive");
    return new PostgresOptions(next);
  }

  /**
   * The number of runs after which a statement is prepared on the server; default 5. 0 turns this
   * off, for PgBouncer before 1.21 in transaction mode.
   */
  public PostgresOptions withPrepareThreshold(int runs) {
    if (runs < 0) {
      throw new StoreConfigurationException("the prepare threshold must not be negative");
    }
    Values next = new Values(values);
    next.prepareThreshold = runs;
    next.setInCode("prepareThreshold");
    return new PostgresOptions(next);
  }

  /**
   * Whether messages are stored with an index of their words; default true. Without it storing a
   * message costs less, and a search reads all messages of the owner or of the named conversation,
   * with the same results. If nodes differ in this, or it is switched on later, the next search of
   * an owner on a node with the index adds missing entries. Listing by tool has its own index and
   * does not depend on this.
   */
  public PostgresOptions withSearch(boolean on) {
    Values next = new Values(values);
    next.search = on;
    return new PostgresOptions(next);
  }

  /**
   * Whether each call sends its tenant to the server, for policies of row-level security; default
   * false. Costs no round trip. A DBA turns the policies on: see {@code docs/schema.md}. If they
   * are on for the role and this is false, calls fail.
   */
  public PostgresOptions withRowLevelSecurity(boolean on) {
    Values next = new Values(values);
    next.rowSecurity = on;
    return new PostgresOptions(next);
  }

  /**
   * The duration from which a call is logged, as a warning with the kind of call, its duration and
   * its outcome, but no data; default 1 s, zero for never.
   */
  public PostgresOptions withSlowCallLog(Duration threshold) {
    Values next = new Values(values);
    next.slowCall = requireShort("threshold of slow calls", threshold);
    return new PostgresOptions(next);
  }

  public PostgresOptions withLimits(StoreLimits limits) {
    Values next = new Values(values);
    next.limits = OptionChecks.requireGiven("limits", limits);
    return new PostgresOptions(next);
  }

  /** The node's clock; writes use the database's clock. */
  public PostgresOptions withClock(Clock clock) {
    Values next = new Values(values);
    next.clock = OptionChecks.requireGiven("clock", clock);
    return new PostgresOptions(next);
  }

  /** The source of ids; by default UUIDs of version 7. */
  public PostgresOptions withIds(Supplier<UUID> ids) {
    Values next = new Values(values);
    next.ids = OptionChecks.requireGiven("ids", ids);
    return new PostgresOptions(next);
  }

  /**
   * The source of jitter for retries on busy rows, safe for use by many threads; by default a
   * {@link Random}.
   */
  public PostgresOptions withRandom(RandomGenerator random) {
    Values next = new Values(values);
    next.random = OptionChecks.requireGiven("random", random);
    return new PostgresOptions(next);
  }

  /**
   * Retention that a store of PostgreSQL alone runs by itself; default {@link
   * RetentionSchedule#OFF}. A hybrid store takes the schedule of its own options.
   */
  public PostgresOptions withRetention(RetentionSchedule schedule) {
    Values next = new Values(values);
    next.retention = OptionChecks.requireGiven("retention", schedule);
    return new PostgresOptions(next);
  }

  static String requireSchema(String schema) {
    OptionChecks.requireGiven("the schema name", schema);
    if (!IDENTIFIER.matcher(schema).matches() || schema.startsWith("pg_")) {
      throw new StoreConfigurationException(
          "the schema name must have 1 to 63 lower-case letters, digits and underscores, and must"
              + " not begin with a digit or pg_");
    }
    return schema;
  }

  private static Duration requirePositive(String what, Duration duration) {
    OptionChecks.requireGiven("the " + what, duration);
    if (duration.isNegative() || duration.isZero()) {
      throw new StoreConfigurationException("the " + what + " must be positive");
    }
    return requireShort(what, duration);
  }

  private static Duration requireShort(String what, Duration duration) {
    OptionChecks.requireGiven("the " + what, duration);
    if (duration.isNegative()) {
      throw new StoreConfigurationException("the " + what + " must not be negative");
    }
    if (duration.compareTo(LONGEST) > 0) {
      throw new StoreConfigurationException(
          "the " + what + " must be at most " + LONGEST.toDays() + " days");
    }
    return duration;
  }

  Values values() {
    return values;
  }

  Supplier<UUID> ids() {
    Supplier<UUID> ids = values.ids;
    return ids != null ? ids : new UuidV7(values.clock, new SecureRandom());
  }

  /** The address of the database, without secrets. */
  @Override
  public String toString() {
    String url = values.url;
    String where = url == null ? place() : withoutParameters(url);
    return "PostgresOptions["
        + (where == null ? "given data source" : where)
        + ", schema "
        + values.schema
        + "]";
  }

  /** Host, port and name of the database; null with a data source of the application. */
  @Nullable String place() {
    if (values.dataSource != null) {
      return null;
    }
    String url = values.url;
    return url == null
        ? String.format(Locale.ROOT, "%s:%d/%s", values.host, values.port, values.database)
        : withoutParameters(url).replaceFirst("^jdbc:postgresql:(//)?", "");
  }

  private static String withoutParameters(String url) {
    int query = url.indexOf('?');
    return query < 0 ? url : url.substring(0, query);
  }

  /** The settings; written only before an options object is returned. */
  static final class Values {
    @Nullable DataSource dataSource;
    @Nullable String url;
    String host = "localhost";
    int port = 5432;
    String database = "postgres";
    @Nullable String user;
    @Nullable String password;
    @Nullable String sslMode;
    String schema = DEFAULT_SCHEMA;
    boolean migrate = true;
    int minPool = 2;
    int maxPool = 10;
    Duration idleTimeout = Duration.ofSeconds(30);
    Duration poolTimeout = Duration.ofSeconds(2);
    Duration connectTimeout = Duration.ofSeconds(2);
    Duration socketTimeout = Duration.ofSeconds(10);
    Duration statementTimeout = Duration.ofSeconds(8);
    Duration lockTimeout = Duration.ofSeconds(5);
    Duration removalTimeout = Duration.ofMinutes(10);
    Duration slowCall = Duration.ofSeconds(1);
    boolean tcpKeepAlive = true;
    int prepareThreshold = 5;
    boolean search = true;
    boolean rowSecurity;
    RetentionSchedule retention = RetentionSchedule.OFF;
    StoreLimits limits = StoreLimits.DEFAULT;
    Clock clock = Clock.systemUTC();
    RandomGenerator random = new Random();
    @Nullable Supplier<UUID> ids;

    /** The driver's names of settings that override a URL. */
    Set<String> setInCode = Set.of();

    Values() {}

    void setInCode(String... names) {
      Set<String> all = new HashSet<>(setInCode);
      all.addAll(List.of(names));
      setInCode = Set.copyOf(all);
    }

    Values(Values that) {
      dataSource = that.dataSource;
      url = that.url;
      host = that.host;
      port = that.port;
      database = that.database;
      user = that.user;
      password = that.password;
      sslMode = that.sslMode;
      schema = that.schema;
      migrate = that.migrate;
      minPool = that.minPool;
      maxPool = that.maxPool;
      idleTimeout = that.idleTimeout;
      poolTimeout = that.poolTimeout;
      connectTimeout = that.connectTimeout;
      socketTimeout = that.socketTimeout;
      statementTimeout = that.statementTimeout;
      lockTimeout = that.lockTimeout;
      removalTimeout = that.removalTimeout;
      slowCall = that.slowCall;
      tcpKeepAlive = that.tcpKeepAlive;
      prepareThreshold = that.prepareThreshold;
      search = that.search;
      rowSecurity = that.rowSecurity;
      retention = that.retention;
      limits = that.limits;
      clock = that.clock;
      random = that.random;
      ids = that.ids;
      setInCode = that.setInCode;
    }
  }
}
