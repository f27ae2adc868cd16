package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** A data source whose connections may be in a transaction of the application's. */
class GivenTransactionTest {

  private final Databases databases = Databases.create();

  /** Gives out one connection, and leaves it open, as a source does that follows a transaction. */
  private static DataSource joining(Connection connection) {
    Connection kept = proxy(Connection.class, connection, "close");
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> kept);
  }

  private static <T> T proxy(Class<T> type, T target, String ignored) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return method.getName().equals(ignored) ? null : method.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  @Test
  void whatTheApplicationRollsBackIsNotCommitted() throws SQLException {
    databases.text("CREATE TABLE orders (id integer)");
    PostgresStore.open(databases.options()).close();
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement();
        ConversationStore store =
            PostgresStore.open(PostgresOptions.dataSource(joining(connection)))) {
      store.create(ALICE, NewConversation.ofId("before"));
      connection.setAutoCommit(false);
      statement.execute("INSERT INTO orders VALUES (1)");
      assertThatThrownBy(() -> store.create(ALICE, NewConversation.ofId("within")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("in a transaction");
      connection.rollback();
      connection.setAutoCommit(true);
      assertThat(databases.text("SELECT count(*) FROM orders")).isEqualTo("0");
      assertThat(store.find(ALICE, "within")).isEmpty();
      store.create(ALICE, NewConversation.ofId("after"));
    }
  }

  @Test
  void aFailedTransactionIsLeftToItsOwner() throws SQLException {
    PostgresStore.open(databases.options()).close();
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement();
        ConversationStore store =
            PostgresStore.open(PostgresOptions.dataSource(joining(connection)))) {
      connection.setAutoCommit(false);
      assertThatThrownBy(() -> statement.execute("SELECT 1 / 0")).isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> store.find(ALICE, "c")).isInstanceOf(IllegalStateException.class);
      assertThat(connection.getAutoCommit()).isFalse();
      connection.rollback();
    }
  }

  @Test
  void aSchemaIsNotMadeInATransactionOfTheApplications() throws SQLException {
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("CREATE TABLE orders (id integer)");
      assertThatThrownBy(() -> PostgresStore.open(PostgresOptions.dataSource(joining(connection))))
          .isInstanceOf(IllegalStateException.class);
      connection.rollback();
    }
    assertThat(databases.text("SELECT to_regclass('orders')")).isEqualTo("null");
  }

  @Test
  void aPoolWithoutAutocommitServes() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(DriverSettings.of(databases.options().values()));
    config.setMaximumPoolSize(2);
    config.setAutoCommit(false);
    try (HikariDataSource pool = new HikariDataSource(config);
        ConversationStore store = PostgresStore.open(PostgresOptions.dataSource(pool))) {
      store.create(ALICE, NewConversation.ofId("c"));
      assertThat(store.find(ALICE, "c")).isPresent();
    }
  }
}
