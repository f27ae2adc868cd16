package io.conversationstore.postgres;

import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules of all stores, in PostgreSQL 14. */
class OldestServerContractIT extends StoreContract {

  private static TestPostgres server;
  private static Databases database;

  @BeforeAll
  static void start() {
    server = OldestServer.start();
    database = Databases.on(server);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected StoreFixture newFixture() {
    return new DatabaseFixture(database.options());
  }
}
