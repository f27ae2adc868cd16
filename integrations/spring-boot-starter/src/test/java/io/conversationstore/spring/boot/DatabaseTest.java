package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/** Contexts with a real database, over the versions of the libraries that Spring Boot manages. */
class DatabaseTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private static TestPostgres server;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    server = TestPostgres.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private ApplicationContextRunner runner() {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                ConversationStoreAutoConfiguration.class,
                ConversationStoreHealthAutoConfiguration.class))
        .withPropertyValues("conversation-store.directory=" + directory);
  }

  private static String[] login(String url) {
    return new String[] {
      "conversation-store.url=" + url,
      "conversation-store.username=" + server.user(),
      "conversation-store.password=" + server.password()
    };
  }

  private static String[] dataSource(String url) {
    return new String[] {
      "spring.datasource.url=" + url + "?socketTimeout=10",
      "spring.datasource.username=" + server.user(),
      "spring.datasource.password=" + server.password(),
      "conversation-store.use-data-source=true"
    };
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(deadline);
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Test
  void aUrlGivesAHybridThatLivesThroughAnOutage() {
    try (FaultProxy proxy = FaultProxy.to(server)) {
      runner()
          .withPropertyValues(login(proxy.jdbcUrl(server.createDatabase())))
          .run(
              context -> {
                ConversationStore store = context.getBean(ConversationStore.class);
                HealthIndicator health = context.getBean(HealthIndicator.class);
                store.append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
                assertThat(health.health().getDetails()).containsEntry("mode", "online");
                proxy.setMode(FaultProxy.Mode.REFUSE);
                proxy.dropConnections();
                store.append(ALICE, NewConversation.ofId("d"), Message.user("coffee"));
                assertThat(health.health().getStatus()).isEqualTo(Status.UP);
                assertThat(health.health().getDetails()).containsEntry("mode", "offline");
                proxy.setMode(FaultProxy.Mode.PASS);
                await(
                    () ->
                        store.state().mode() == StoreState.Mode.ONLINE
                            && store.state().pending().changes() == 0);
                assertThat(store.last(ALICE, "d", 1).get(0).isPending()).isFalse();
              });
    }
  }

  @Test
  void connectionDetailsReplaceWhatThePropertiesSayOfTheDatabase() {
    String url = server.jdbcUrl(server.createDatabase());
    ConversationStoreConnectionDetails details =
        new ConversationStoreConnectionDetails() {
          @Override
          public String jdbcUrl() {
            return url;
          }

          @Override
          public String username() {
            return server.user();
          }

          @Override
          public String password() {
            return server.password();
          }
        };
    ApplicationContextRunner runner =
        runner()
            .withBean(ConversationStoreConnectionDetails.class, () -> details)
            .withPropertyValues("conversation-store.url=jdbc:postgresql://localhost:1/none");
    runner.run(
        context ->
            assertThat(context.getBean(ConversationStore.class).state().databaseInUse()).isTrue());
    runner
        .withPropertyValues("conversation-store.mode=jsonfile")
        .withPropertyValues("conversation-store.directory=" + directory.resolve("files"))
        .run(
            context ->
                assertThat(context.getBean(ConversationStore.class).state().mode())
                    .isEqualTo(StoreState.Mode.LOCAL_ONLY));
  }

  @Test
  void healthOfPostgresAloneIsDownWhileItIsAway() {
    try (FaultProxy proxy = FaultProxy.to(server)) {
      runner()
          .withPropertyValues(login(proxy.jdbcUrl(server.createDatabase())))
          .withPropertyValues("conversation-store.mode=postgres")
          .run(
              context -> {
                HealthIndicator health = context.getBean(HealthIndicator.class);
                assertThat(health.health().getStatus()).isEqualTo(Status.UP);
                proxy.setMode(FaultProxy.Mode.REFUSE);
                proxy.dropConnections();
                assertThat(health.health().getStatus()).isEqualTo(Status.DOWN);
                proxy.setMode(FaultProxy.Mode.PASS);
              });
    }
  }

  @Test
  void theDataSourceOfTheApplicationIsUsedAndStaysOpen() {
    String database = server.createDatabase();
    runner()
        .withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class))
        .withPropertyValues(dataSource(server.jdbcUrl(database)))
        .run(
            context -> {
              ConversationStore store = context.getBean(ConversationStore.class);
              store.append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
              HikariDataSource pool = context.getBean(HikariDataSource.class);
              assertThat(
                      new JdbcTemplate(pool)
                          .queryForObject(
                              "SELECT count(*) FROM conversation_store.messages", Long.class))
                  .isEqualTo(1);
              store.close();
              assertThat(pool.isClosed()).isFalse();
            });
  }

  @Test
  void flywayOfSpringBootIsNotStartedByOurs() {
    runner()
        .withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class))
        .withPropertyValues(dataSource(server.jdbcUrl(server.createDatabase())))
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Flyway.class));
  }

  @Test
  void flywayOfTheApplicationWorksBesideOurs() {
    runner()
        .withConfiguration(
            AutoConfigurations.of(DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class))
        .withPropertyValues(dataSource(server.jdbcUrl(server.createDatabase())))
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(Flyway.class);
              JdbcTemplate jdbc = new JdbcTemplate(context.getBean(DataSource.class));
              jdbc.execute("INSERT INTO public.orders VALUES (1)");
              context
                  .getBean(ConversationStore.class)
                  .append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
              assertThat(context.getBean(Flyway.class).info().applied()).hasSize(1);
            });
  }

  @Test
  void aTransactionOfTheApplicationIsNotCommitted() {
    DataSource own = server.dataSource(server.createDatabase());
    JdbcTemplate jdbc = new JdbcTemplate(own);
    jdbc.execute("CREATE TABLE orders (id int)");
    runner()
        .withBean(DataSource.class, () -> new TransactionAwareDataSourceProxy(own))
        .withPropertyValues("conversation-store.use-data-source=true")
        .run(
            context -> {
              ConversationStore store = context.getBean(ConversationStore.class);
              new TransactionTemplate(new DataSourceTransactionManager(own))
                  .executeWithoutResult(
                      status -> {
                        jdbc.execute("INSERT INTO orders VALUES (1)");
                        store.append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
                        status.setRollbackOnly();
                      });
              assertThat(jdbc.queryForObject("SELECT count(*) FROM orders", Long.class)).isZero();
              assertThat(store.last(ALICE, "c", 1)).hasSize(1);
            });
  }
}
