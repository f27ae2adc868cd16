package io.conversationstore.postgres;

import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The rules of all stores, for a role under row-level security. */
class RowSecurityContractIT extends StoreContract {

  private static RowSecurityTest.RestrictedRole role;

  @BeforeAll
  static void create() throws SQLException {
    Assumptions.assumeTrue(
        TestPostgres.shared().canControl(), "the user of this server may not create roles");
    role = RowSecurityTest.RestrictedRole.create(Databases.create());
  }

  @Override
  protected StoreFixture newFixture() {
    return new DatabaseFixture(role.options());
  }
}
