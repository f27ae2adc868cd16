package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.conversationstore.ConversationStore;
import io.conversationstore.StoreHealth;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What health tells, and what it takes to tell it. */
class HealthTest {

  private static Databases databases;

  @BeforeAll
  static void prepare() {
    databases = Databases.create();
    PostgresStore.open(databases.options()).close();
  }

  @Test
  void row_4_9_healthNeedsNoSecondConnection() {
    HikariConfig pool = new HikariConfig();
    pool.setJdbcUrl(databases.options().values().url);
    pool.setUsername(databases.options().values().user);
    pool.setPassword(databases.options().values().password);
    pool.setMaximumPoolSize(1);
    pool.setConnectionTimeout(1_000);
    try (HikariDataSource one = new HikariDataSource(pool);
        ConversationStore store =
            PostgresStore.open(PostgresOptions.dataSource(one).withMigration(false))) {
      StoreHealth health = store.operator().health();
      assertThat(health.healthy()).as("%s", health.checks()).isTrue();
    }
  }
}
