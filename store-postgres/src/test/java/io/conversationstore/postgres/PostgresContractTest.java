package io.conversationstore.postgres;

import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;

/** The rules of all stores, in PostgreSQL. */
class PostgresContractTest extends StoreContract {

  private static final class Shared {
    private static final Databases DATABASE = Databases.create();
  }

  @Override
  protected StoreFixture newFixture() {
    return new DatabaseFixture(Shared.DATABASE.options());
  }
}
