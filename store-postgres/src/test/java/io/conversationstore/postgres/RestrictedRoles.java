package io.conversationstore.postgres;

import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import java.util.UUID;

/** Roles that may log in and nothing else. */
final class RestrictedRoles {

  private static final String PASSWORD = "test-only";

  private RestrictedRoles() {}

  /** Creates a role with a name that no other has. */
  static String create(Databases databases) throws SQLException {
    String role = "r_" + UUID.randomUUID().toString().replace("-", "");
    databases.text("CREATE ROLE " + role + " LOGIN PASSWORD '" + PASSWORD + "'");
    return role;
  }

  static PostgresOptions options(Databases databases, String role) {
    return PostgresOptions.url(TestPostgres.shared().jdbcUrl(databases.name))
        .withLogin(role, PASSWORD);
  }
}
