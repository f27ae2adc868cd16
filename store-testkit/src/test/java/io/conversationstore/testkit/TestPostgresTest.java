package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class TestPostgresTest {

  private final List<TestPostgres> servers = new ArrayList<>();

  @TempDir Path temp;

  @AfterEach
  void closeAll() {
    servers.forEach(TestPostgres::close);
  }

  private TestPostgres started(TestPostgres.Builder builder) {
    TestPostgres server = builder.start();
    servers.add(server);
    return server;
  }

  @Test
  void startsAndAnswersOnlyWithThePassword() throws SQLException {
    TestPostgres server = started(TestPostgres.builder().setting("work_mem", "5MB"));

    assertThat(server.isRunning()).isTrue();
    assertThat(server.canControl()).isTrue();
    assertThat(server.version()).startsWith("18.");
    assertThat(text(server.dataSource(), "show work_mem")).isEqualTo("5MB");
    assertThat(text(server.dataSource(), "show fsync")).isEqualTo("off");
    assertThat(server.jdbcUrl()).doesNotContain(server.password());
    assertThatThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), server.user(), "wrong"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
  }

  @Test
  void isDurableOnDemand() throws SQLException {
    TestPostgres server = started(TestPostgres.builder().durable(true));

    for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
      assertThat(text(server.dataSource(), "show " + setting)).as(setting).isEqualTo("on");
    }
  }

  @Test
  void comesBackAfterAKillWithWhatWasCommitted() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    int port = server.port();
    try (Connection open = server.dataSource().getConnection()) {
      update(open, "create table t (n int)");
      update(open, "insert into t values (1)");
      open.setAutoCommit(false);
      update(open, "insert into t values (2)");
      List<ProcessHandle> all =
          new ArrayList<>(ProcessHandle.of(server.pid()).orElseThrow().children().toList());

      server.kill();

      assertThat(all).isNotEmpty().allMatch(PostgresProcess::gone);
      assertThat(server.isRunning()).isFalse();
      assertThatThrownBy(() -> update(open, "insert into t values (3)"))
          .isInstanceOf(SQLException.class);
    }
    assertThatThrownBy(server::pid).isInstanceOf(IllegalStateException.class);

    server.restart();

    assertThat(server.port()).isEqualTo(port);
    assertThat(text(server.dataSource(), "select string_agg(n::text, ',') from t")).isEqualTo("1");
    assertThat(server.logFile()).content().contains("was not properly shut down");
  }

  @Test
  void survivesManyKills() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    update(server, "create table t (n int)");
    for (int i = 0; i < 5; i++) {
      update(server, "insert into t values (" + i + ")");
      server.kill();
      server.kill();
      server.restart();
    }

    assertThat(text(server.dataSource(), "select count(*) from t")).isEqualTo("5");
  }

  @Test
  void stopsAndRestartsCleanly() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    update(server, "create table t (n int)");
    long before = server.pid();

    server.stop();
    server.stop();
    assertThat(server.isRunning()).isFalse();
    server.restart();
    server.restart();

    assertThat(server.pid()).isNotEqualTo(before);
    assertThat(text(server.dataSource(), "select count(*) from t")).isEqualTo("0");
    assertThat(server.logFile()).content().doesNotContain("was not properly shut down");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void isSilentWhilePaused() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    Duration second = Duration.ofSeconds(1);
    DataSource source = server.dataSource("postgres", second, second);
    try (Connection early = source.getConnection()) {
      assertThat(text(early, "select 1")).isEqualTo("1");

      server.pause();

      assertThat(server.isRunning()).isTrue();
      assertThatThrownBy(() -> text(early, "select 2"))
          .isInstanceOf(SQLException.class)
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
      assertThatThrownBy(source::getConnection).isInstanceOf(SQLException.class);
    }

    server.resume();
    assertThat(text(source, "select 3")).isEqualTo("3");
    server.pause();
    server.stop();
    server.restart();
    server.pause();
    server.kill();
    server.restart();
    assertThat(text(source, "select 4")).isEqualTo("4");
  }

  @Test
  void goesBackInTime() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    update(server, "create table t (n int)");
    update(server, "insert into t values (1)");
    Path backup = temp.resolve("deep/backup");
    assertThatThrownBy(() -> server.backup(backup)).hasMessageContaining("running");

    server.stop();
    server.backup(backup);
    server.restart();
    update(server, "insert into t values (2)");
    server.kill();
    server.restore(backup);
    server.restart();

    assertThat(text(server.dataSource(), "select count(*) from t")).isEqualTo("1");
    assertThatThrownBy(() -> server.restore(temp)).hasMessageContaining("running");
  }

  @Test
  void keepsAGivenDirectory() throws SQLException {
    Path data = temp.resolve("kept");
    TestPostgres first = started(TestPostgres.builder().dataDirectory(data));
    update(first, "create table t (n int)");
    assertThatThrownBy(() -> TestPostgres.builder().dataDirectory(data).start())
        .hasMessageContaining("in use");
    first.close();
    first.close();
    assertThatThrownBy(first::restart).hasMessageContaining("closed");

    TestPostgres second = started(TestPostgres.builder().dataDirectory(data));

    assertThat(text(second.dataSource(), "select count(*) from t")).isEqualTo("0");
    assertThat(second.logFile()).isEqualTo(temp.toAbsolutePath().resolve("kept.log")).exists();
  }

  @Test
  void leavesNothingBehind() {
    TestPostgres server = started(TestPostgres.builder());
    Path directory = server.logFile().getParent();
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();

    server.close();

    assertThat(directory).doesNotExist();
    assertThat(PostgresProcess.gone(process)).isTrue();
  }

  @Test
  void turnsReadOnlyAndBack() throws SQLException {
    TestPostgres server = started(TestPostgres.builder());
    update(server, "create table t (n int)");

    server.setReadOnly(true);
    assertThatThrownBy(() -> update(server, "insert into t values (1)"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
    server.restart();
    assertThat(text(server.dataSource(), "show transaction_read_only")).isEqualTo("on");
    server.setReadOnly(false);

    update(server, "insert into t values (1)");
  }

  @Test
  void givesFreshDatabasesAndEndsTheirConnections() throws SQLException {
    TestPostgres server = TestPostgres.shared();
    assertThat(TestPostgres.shared()).isSameAs(server);
    String one = server.createDatabase();
    String two = server.createDatabase();
    assertThat(one).isNotEqualTo(two);
    try (Connection connection = server.dataSource(one).getConnection();
        Connection other = server.dataSource(two).getConnection()) {
      assertThat(server.terminateConnections(one)).isEqualTo(1);

      assertThatThrownBy(() -> text(connection, "select 1"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
      assertThat(text(other, "select 1")).isEqualTo("1");
    }
  }

  @Test
  void startsSeveralAtOnce() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Callable<TestPostgres>> starts = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        starts.add(() -> TestPostgres.builder().start());
      }
      for (Future<TestPostgres> server : pool.invokeAll(starts)) {
        servers.add(server.get());
      }
    } finally {
      pool.shutdown();
    }

    assertThat(servers).extracting(TestPostgres::port).doesNotHaveDuplicates();
    assertThat(servers).allMatch(server -> server.version().startsWith("18"));
  }

  @Test
  void saysWhyItDoesNotStart() {
    assertThatThrownBy(() -> TestPostgres.builder().setting("work_mem", "lots").start())
        .hasMessageContaining("work_mem");
    assertThatThrownBy(() -> TestPostgres.builder().version("9").start())
        .hasMessageContaining("version 9");
    assertThatThrownBy(() -> TestPostgres.builder().binaries(temp.resolve("no.jar")).start())
        .hasMessageContaining("no.jar");
  }

  @ParameterizedTest
  @ValueSource(strings = {"running", "paused"})
  @DisabledOnOs(OS.WINDOWS)
  void doesNotOutliveAKilledJvm(String state) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process jvm =
        new ProcessBuilder(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                OrphanMain.class.getName(),
                state)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String[] pidAndLog;
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      pidAndLog = out.readLine().split(" ", 2);
      ProcessHandle server = ProcessHandle.of(Long.parseLong(pidAndLog[0])).orElseThrow();
      List<ProcessHandle> all = new ArrayList<>(server.children().toList());
      all.add(server);
      assertThat(all).hasSizeGreaterThan(1).allMatch(ProcessHandle::isAlive);

      jvm.destroyForcibly().waitFor();

      assertThat(
              Polling.until(
                  Duration.ofSeconds(20), () -> all.stream().allMatch(PostgresProcess::gone)))
          .isTrue();
    }
    Path scratch = Path.of(pidAndLog[1]).getParent();
    assertThat(Polling.until(Duration.ofSeconds(10), () -> !Files.exists(scratch))).isTrue();
  }

  private static String text(DataSource source, String sql) throws SQLException {
    try (Connection connection = source.getConnection()) {
      return text(connection, sql);
    }
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void update(TestPostgres server, String sql) throws SQLException {
    try (Connection connection = server.dataSource().getConnection()) {
      update(connection, sql);
    }
  }

  private static void update(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }
}
