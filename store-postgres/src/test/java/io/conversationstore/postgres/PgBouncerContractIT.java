package io.conversationstore.postgres;

import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules of all stores through PgBouncer in transaction mode, the schema's making included. */
class PgBouncerContractIT extends StoreContract {

  private static PgBouncer bouncer;
  private static PostgresOptions options;

  @BeforeAll
  static void start() {
    bouncer = PgBouncer.before(TestPostgres.shared());
    options = Databases.create().through("127.0.0.1", bouncer.port()).withPrepareThreshold(0);
  }

  @AfterAll
  static void stop() {
    if (bouncer != null) {
      bouncer.close();
    }
  }

  @Override
  protected StoreFixture newFixture() {
    return new DatabaseFixture(options);
  }
}
