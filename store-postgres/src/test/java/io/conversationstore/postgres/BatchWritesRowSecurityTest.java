package io.conversationstore.postgres;

import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import org.junit.jupiter.api.Assumptions;

/** The same for a role under row-level security. */
class BatchWritesRowSecurityTest extends BatchWritesTest {

  @Override
  PostgresOptions options() throws SQLException {
    Assumptions.assumeTrue(
        TestPostgres.shared().canControl(), "the user of this server may not create roles");
    return RowSecurityTest.RestrictedRole.create(Databases.create()).options();
  }
}
