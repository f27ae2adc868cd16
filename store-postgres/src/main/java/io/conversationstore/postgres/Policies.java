package io.conversationstore.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Whether the policies of row-level security are in force for the current role. PostgreSQL silently
 * skips them for superusers, for roles with BYPASSRLS and for the owner of a table.
 */
final class Policies {

  /**
   * No row if they are in force; else the role and the reason. The parameter is the schema's name.
   */
  static final String NOT_IN_FORCE =
      """
      SELECT r.rolname,
          CASE WHEN r.rolsuper THEN 'is a superuser'
            WHEN r.rolbypassrls THEN 'has BYPASSRLS'
            WHEN c.relrowsecurity THEN 'owns table ' || c.relname
            ELSE 'uses table ' || c.relname || ', for which it is not turned on' END
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_roles r ON r.rolname = current_user
        WHERE n.nspname = ? AND NOT row_security_active(c.oid)
          AND c.relname IN ('owners', 'owner_erasures', 'conversations', 'messages',
            'user_preferences', 'taken_over')
        ORDER BY c.relname LIMIT 1\
      """;

  private Policies() {}

  /** The fault in words for an operator; null if the policies are in force. */
  static @Nullable String fault(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(NOT_IN_FORCE)) {
      new Binder(statement).text(schema);
      try (ResultSet row = statement.executeQuery()) {
        return fault(row);
      }
    }
  }

  static @Nullable String fault(ResultSet row) throws SQLException {
    return row.next()
        ? "row-level security has no effect: role " + row.getString(1) + " " + row.getString(2)
        : null;
  }
}
