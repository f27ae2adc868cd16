package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.testkit.FaultProxy.Cut;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.FaultProxy.Mode;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FaultProxyTest {

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final String INSERT = "insert into t values (?)";

  private final TestPostgres server = TestPostgres.shared();
  private FaultProxy proxy;
  private String database;

  @BeforeEach
  void open() throws SQLException {
    database = server.createDatabase();
    proxy = FaultProxy.to(server);
    try (Connection direct = server.dataSource(database).getConnection();
        Statement statement = direct.createStatement()) {
      statement.execute("create table t (s text)");
    }
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  @Test
  void passesBothDirectionsAndCounts() throws SQLException {
    try (Connection connection = connect()) {
      assertThat(proxy.connections()).isEqualTo(1);
      assertThat(proxy.openConnections()).isEqualTo(1);

      String big = "x".repeat(3_000_000);
      long before = proxy.roundTrips();
      insert(connection, big);
      assertThat(proxy.roundTrips() - before).isEqualTo(1);
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("select s from t")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getString(1)).isEqualTo(big);
      }
      assertThat(proxy.roundTrips() - before).isEqualTo(2);
    }
    assertThat(Polling.until(LIMIT, () -> proxy.openConnections() == 0)).isTrue();
  }

  @Test
  void countsATransactionAndABatch() throws SQLException {
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      long before = proxy.roundTrips();
      long repliesBefore = proxy.replies();
      insert(connection, "a");
      connection.commit();
      assertThat(proxy.roundTrips() - before).isEqualTo(2);
      assertThat(proxy.replies() - repliesBefore).as("BEGIN, insert, COMMIT").isEqualTo(3);

      connection.setAutoCommit(true);
      before = proxy.roundTrips();
      try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
        for (int i = 0; i < 10; i++) {
          statement.setString(1, "batch" + i);
          statement.addBatch();
        }
        statement.executeBatch();
      }
      assertThat(proxy.roundTrips() - before)
          .as("pgjdbc may describe the statement first")
          .isBetween(1L, 2L);
    }
  }

  @Test
  void refusesAndKeepsThePort() throws SQLException {
    try (Connection early = connect()) {
      proxy.setMode(Mode.REFUSE);

      assertThatThrownBy(this::connect)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08001"))
          .hasRootCauseInstanceOf(ConnectException.class);
      insert(early, "a");

      proxy.setMode(Mode.PASS);
      try (Connection late = connect()) {
        insert(late, "b");
      }
    }
    assertThat(count()).isEqualTo(2);
  }

  @Test
  void resetsExistingAndNewConnections() throws SQLException {
    try (Connection early = connect()) {
      proxy.setMode(Mode.RESET);

      assertUnavailable(() -> insert(early, "a"));
      assertUnavailable(this::connect);
    }
    assertThat(proxy.openConnections()).isZero();
    proxy.setMode(Mode.PASS);
    try (Connection late = connect()) {
      insert(late, "b");
    }
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void swallowsEverything() throws SQLException {
    try (Connection early = connect()) {
      proxy.setMode(Mode.BLACK_HOLE);

      assertThatThrownBy(() -> insert(early, "a"))
          .isInstanceOf(SQLException.class)
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
      assertThatThrownBy(this::connect)
          .isInstanceOf(SQLException.class)
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
      assertThat(backends()).as("the server does not know").isEqualTo(1);
    }
    assertThat(count()).isZero();

    proxy.setMode(Mode.PASS);
    assertThat(Polling.until(LIMIT, () -> backends() == 0)).isTrue();
    try (Connection late = connect()) {
      insert(late, "b");
    }
  }

  @Test
  void isSlowInBothDirections() throws SQLException {
    try (Connection connection = connect()) {
      proxy.slow(Duration.ofMillis(100));
      long start = System.nanoTime();
      insert(connection, "a");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(200), Duration.ofMillis(900));
    }
  }

  @Test
  void cutsBeforeTheServerSeesTheStatement() throws Exception {
    Cut cut = proxy.cutOn("insert into t", CutPoint.BEFORE_FORWARD);
    try (Connection connection = connect()) {
      assertThat(cut.happened()).isFalse();
      assertUnavailable(() -> insert(connection, "a"));
    }

    assertThat(cut.await(LIMIT)).isTrue();
    assertThat(Polling.until(LIMIT, () -> backends() == 0)).isTrue();
    assertThat(count()).isZero();
    try (Connection again = connect()) {
      insert(again, "a");
    }
    assertThat(count()).as("cuts once").isEqualTo(1);
  }

  @Test
  void cutsAfterTheReplySoThatTheOutcomeIsUnknown() throws Exception {
    try (Connection connection = connect()) {
      Cut cut = proxy.cutOn("insert into t", CutPoint.AFTER_REPLY);
      assertUnavailable(() -> insert(connection, "a"));
      assertThat(cut.await(LIMIT)).isTrue();
    }
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void recognisesAStatementPreparedLongAgo() throws Exception {
    try (Connection connection = connect();
        PreparedStatement statement = connection.prepareStatement(INSERT)) {
      for (int i = 0; i < 10; i++) {
        statement.setString(1, "row" + i);
        statement.executeUpdate();
      }
      Cut cut = proxy.cutOn("insert into t", CutPoint.AFTER_REPLY);
      statement.setString(1, "last");

      assertUnavailable(statement::executeUpdate);

      assertThat(cut.await(LIMIT)).isTrue();
    }
    assertThat(count()).isEqualTo(11);
  }

  @Test
  void recognisesABoundValue() throws Exception {
    byte[] value = "needle".getBytes(StandardCharsets.UTF_8);
    Cut cut = proxy.cutOn(statement -> statement.contains(value), CutPoint.BEFORE_FORWARD);
    try (Connection connection = connect()) {
      insert(connection, "hay");
      assertUnavailable(() -> insert(connection, "a needle here"));
    }
    assertThat(cut.await(LIMIT)).isTrue();
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void cutsASimpleQuery() throws Exception {
    Cut cut = proxy.cutOn("insert into t", CutPoint.AFTER_REPLY);
    Properties simple = login();
    simple.setProperty("preferQueryMode", "simple");
    try (Connection connection = DriverManager.getConnection(proxy.jdbcUrl(database), simple)) {
      assertUnavailable(() -> insert(connection, "a"));
    }
    assertThat(cut.await(LIMIT)).isTrue();
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void cutsBeforeAndAfterCommit() throws Exception {
    Cut before = proxy.cutBeforeCommit();
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      insert(connection, "a");
      assertUnavailable(connection::commit);
    }
    assertThat(before.await(LIMIT)).isTrue();
    assertThat(Polling.until(LIMIT, () -> backends() == 0)).isTrue();
    assertThat(count()).isZero();

    Cut after = proxy.cutAfterCommit();
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      insert(connection, "b");
      assertUnavailable(connection::commit);
    }
    assertThat(after.await(LIMIT)).isTrue();
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void aCutCanBeCancelled() throws SQLException {
    Cut cut = proxy.cutOn("insert into t", CutPoint.BEFORE_FORWARD);
    assertThat(cut.cancel()).isTrue();
    try (Connection connection = connect()) {
      insert(connection, "a");
    }
    assertThat(cut.happened()).isFalse();
    assertThat(count()).isEqualTo(1);
  }

  @Test
  void passesACancelRequestOn() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      assertThatThrownBy(() -> statement.execute("select pg_sleep(30)"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }
  }

  @Test
  void closesEverything() throws SQLException {
    try (Connection connection = connect()) {
      proxy.setMode(Mode.BLACK_HOLE);
      proxy.close();
      proxy.close();
      assertUnavailable(() -> insert(connection, "a"));
    }
    assertUnavailable(this::connect);
    assertThatThrownBy(() -> proxy.setMode(Mode.PASS)).isInstanceOf(IllegalStateException.class);
    assertThat(Polling.until(LIMIT, () -> backends() == 0)).isTrue();
  }

  private static void assertUnavailable(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).startsWith("08"));
  }

  private Properties login() {
    Properties properties = new Properties();
    properties.setProperty("user", server.user());
    properties.setProperty("password", server.password());
    properties.setProperty("connectTimeout", "1");
    properties.setProperty("socketTimeout", "2");
    return properties;
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(proxy.jdbcUrl(database), login());
  }

  private static void insert(Connection connection, String text) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
      statement.setString(1, text);
      statement.executeUpdate();
    }
  }

  private int count() {
    return number("select count(*) from t");
  }

  /** The number of connections to the test's database, without this one. */
  private int backends() {
    return number(
        "select count(*) from pg_stat_activity"
            + " where datname = current_database() and pid <> pg_backend_pid()");
  }

  private int number(String sql) {
    try (Connection direct = server.dataSource(database).getConnection();
        Statement statement = direct.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getInt(1);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
