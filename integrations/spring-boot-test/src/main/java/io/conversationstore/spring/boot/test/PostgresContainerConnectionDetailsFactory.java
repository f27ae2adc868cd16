package io.conversationstore.spring.boot.test;

import io.conversationstore.spring.boot.ConversationStoreConnectionDetails;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionDetailsFactory;
import org.springframework.boot.testcontainers.service.connection.ContainerConnectionSource;
import org.testcontainers.containers.JdbcDatabaseContainer;

/**
 * The database of the store for a container with {@code @ServiceConnection}. Containers of other
 * databases are left to the application's data sources.
 */
final class PostgresContainerConnectionDetailsFactory
    extends ContainerConnectionDetailsFactory<
        JdbcDatabaseContainer<?>, ConversationStoreConnectionDetails> {

  // Testcontainers 2 has both; the second is that of Testcontainers 1.
  @SuppressWarnings("deprecation")
  private static final List<Class<?>> CONTAINERS =
      List.of(
          org.testcontainers.postgresql.PostgreSQLContainer.class,
          org.testcontainers.containers.PostgreSQLContainer.class);

  @Override
  protected boolean sourceAccepts(
      ContainerConnectionSource<JdbcDatabaseContainer<?>> source,
      Class<?> requiredContainerType,
      Class<?> requiredConnectionDetailsType) {
    return CONTAINERS.stream()
        .anyMatch(
            container ->
                source.accepts(ANY_CONNECTION_NAME, container, requiredConnectionDetailsType));
  }

  @Override
  protected ConversationStoreConnectionDetails getContainerConnectionDetails(
      ContainerConnectionSource<JdbcDatabaseContainer<?>> source) {
    return new Details(source);
  }

  private static final class Details extends ContainerConnectionDetails<JdbcDatabaseContainer<?>>
      implements ConversationStoreConnectionDetails {

    Details(ContainerConnectionSource<JdbcDatabaseContainer<?>> source) {
      super(source);
    }

    @Override
    public String jdbcUrl() {
      return getContainer().getJdbcUrl();
    }

    @Override
    public String username() {
      return getContainer().getUsername();
    }

    @Override
    public String password() {
      @Nullable String password = getContainer().getPassword();
      return password == null ? "" : password;
    }
  }
}
