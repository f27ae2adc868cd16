package io.conversationstore.postgres;

import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.LandingContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class PostgresLandingTest extends LandingContract {

  private static PrimaryStore engine;

  @BeforeAll
  static void open() {
    engine = PostgresStore.openEngine(Databases.create().options());
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Override
  protected PrimaryStore primary() {
    return engine;
  }
}
