package io.conversationstore.spring.boot.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.spring.boot.ConversationStoreConnectionDetails;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** A container with {@code @ServiceConnection}; the server behind it is that of the test kit. */
@ConversationStoreTest(database = true)
class ServiceConnectionTest {

  private static final TestPostgres SERVER = TestPostgres.start();
  private static final String DATABASE = SERVER.createDatabase();

  @Autowired private ConversationStore store;
  @Autowired private ConversationStoreConnectionDetails details;

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  /** Says what a started container says, without Docker. */
  static final class Container extends PostgreSQLContainer {
    Container() {
      super("postgres:18");
    }

    @Override
    public String getDockerImageName() {
      return "postgres:18";
    }

    @Override
    public void start() {
      // The server runs already.
    }

    @Override
    public void stop() {
      // The test stops it.
    }

    @Override
    public String getJdbcUrl() {
      return SERVER.jdbcUrl(DATABASE);
    }

    @Override
    public String getUsername() {
      return SERVER.user();
    }

    @Override
    public String getPassword() {
      return SERVER.password();
    }
  }

  @TestConfiguration(proxyBeanMethods = false)
  static class Containers {
    @Bean
    @ServiceConnection
    PostgreSQLContainer postgres() {
      return new Container();
    }
  }

  @Test
  void theStoreUsesTheDatabaseOfTheContainerAndNotThatOfTheProperties() {
    store.append(Shop.ALICE, NewConversation.ofId("c"), Message.user("tea"));
    assertThat(details.jdbcUrl()).isEqualTo(SERVER.jdbcUrl(DATABASE));
    assertThat(store.state().databaseInUse()).isTrue();
    assertThat(store.last(Shop.ALICE, "c", 1).get(0).isPending()).isFalse();
  }
}
