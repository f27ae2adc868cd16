package io.conversationstore.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * Checks a database, a session and a role for conditions that make reads wrong or writes fail. Each
 * is a query over the catalogue alone that returns the faults as one text, or null. All its
 * parameters are the schema's name.
 */
final class Conditions {

  /**
   * A condition.
   *
   * @param good the text if there is no fault
   * @param schemas how many parameters take the schema's name
   */
  record Condition(String name, String query, int schemas, String good) {

    void bind(Binder in, String schema) throws SQLException {
      for (int i = 0; i < schemas; i++) {
        in.text(schema);
      }
    }

    /** The faults, or the text for none. */
    String read(ResultSet row) throws SQLException {
      String faults = row.next() ? row.getString(1) : null;
      return faults == null ? good : faults;
    }
  }

  private static final String TABLES =
      """
      ('owners', 'owner_erasures', 'conversations', 'messages', 'user_preferences', 'nodes',
        'taken_over', 'jobs')\
      """;

  private static final Condition ENCODING =
      new Condition(
          "encoding",
          """
          SELECT CASE WHEN current_setting('server_encoding') <> 'UTF8'
            THEN current_setting('server_encoding') || ', which cannot store every text' END\
          """,
          0,
          "UTF8");

  private static final Condition WRITABLE =
      new Condition(
          "writable",
          """
          SELECT CASE WHEN pg_is_in_recovery() THEN 'the server is a standby'
            WHEN current_setting('transaction_read_only') = 'on'
            THEN 'transactions are read-only' END\
          """,
          0,
          "it accepts writes");

  private static final Condition SESSION =
      new Condition(
          "session",
          """
          SELECT CASE WHEN current_setting('session_replication_role') = 'replica'
            THEN 'session_replication_role is replica: triggers and foreign keys do not fire'
            WHEN current_setting('synchronous_commit') = 'off' THEN 'synchronous_commit is off:'
              || ' a crash of the server loses what was acknowledged; set it to on' END\
          """,
          0,
          "triggers and foreign keys work");

  private static final Condition PRIVILEGES =
      new Condition(
          "privileges",
          """
          SELECT 'role ' || current_user || ' lacks ' || string_agg(x.what, ', ' ORDER BY x.what)
            FROM (
              SELECT p.name || ' on ' || c.relname AS what FROM pg_class c
                CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) p (name)
                WHERE c.relnamespace = ?::regnamespace AND c.relname IN {tables}
                  AND NOT has_table_privilege(c.oid, p.name)
              UNION ALL
              SELECT 'UPDATE (history) on store' FROM pg_class c
                WHERE c.relnamespace = ?::regnamespace AND c.relname = 'store'
                  AND NOT has_column_privilege(c.oid, 'history', 'UPDATE')
              UNION ALL
              SELECT 'EXECUTE on ' || p.proname FROM pg_proc p
                WHERE p.pronamespace = ?::regnamespace AND p.prorettype <> 'trigger'::regtype
                  AND NOT has_function_privilege(p.oid, 'EXECUTE')
              UNION ALL
              SELECT 'USAGE on type ' || t.typname FROM pg_type t
                WHERE t.typnamespace = ?::regnamespace AND t.typtype = 'd'
                  AND NOT has_type_privilege(t.oid, 'USAGE')) x
            HAVING count(*) > 0\
          """
              .replace("{tables}", TABLES),
          4,
          "the role has all privileges that the store needs");

  private static final Condition COLUMNS =
      new Condition(
          "columns",
          """
          SELECT 'missing: ' || string_agg(x.name, ', ' ORDER BY x.name)
            FROM (VALUES %s, %s, %s) x (name)
            WHERE NOT EXISTS (SELECT FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              WHERE c.relnamespace = ?::regnamespace AND c.relname || ' ' || a.attname = x.name)
            HAVING count(*) > 0\
          """
              .formatted(
                  columns("conversations", Rows.CONVERSATION),
                  columns("messages", Rows.MESSAGE),
                  columns("user_preferences", Rows.PREFERENCES)),
          1,
          "all present");

  /** A trigger of type 3, for each row and before, can return null or another row. */
  private static final Condition TABLES_KEEP =
      new Condition(
          "tables",
          """
          SELECT string_agg(x.what, ', ' ORDER BY x.what)
            FROM (
              SELECT 'unlogged, empty after a crash: ' || c.relname AS what FROM pg_class c
                WHERE c.relnamespace = ?::regnamespace AND c.relkind = 'r'
                  AND c.relpersistence = 'u'
              UNION ALL
              SELECT 'a rule rewrites what is written: ' || c.relname || ' ' || r.rulename
                FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
                WHERE c.relnamespace = ?::regnamespace AND c.relkind IN ('r', 'p')
                  AND r.ev_enabled <> 'D'
              UNION ALL
              SELECT 'a trigger may drop or change what is written: ' || c.relname || ' '
                  || t.tgname
                FROM pg_trigger t
                JOIN pg_class c ON c.oid = t.tgrelid
                JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE c.relnamespace = ?::regnamespace AND p.pronamespace <> c.relnamespace
                  AND t.tgtype & 3 = 3 AND NOT t.tgisinternal AND t.tgenabled <> 'D') x
            HAVING count(*) > 0\
          """,
          3,
          "they store every write unchanged");

  /** For a store that does not name the tenant of its queries. */
  private static final Condition VISIBLE =
      new Condition(
          "visible rows",
          """
          SELECT 'row-level security hides rows of '
              || string_agg(c.relname, ', ' ORDER BY c.relname) || ' from role ' || current_user
              || '; open the store with withRowLevelSecurity(true)'
            FROM pg_class c
            WHERE c.relnamespace = ?::regnamespace AND c.relname IN {tables}
              AND row_security_active(c.oid)
            HAVING count(*) > 0\
          """
              .replace("{tables}", TABLES),
          1,
          "the role sees all rows");

  private Conditions() {}

  /** The conditions that can be checked without the schema. */
  static List<Condition> ofTheDatabase() {
    return List.of(ENCODING, WRITABLE, SESSION);
  }

  static List<Condition> ofTheSchema(boolean rowSecurity) {
    return rowSecurity
        ? List.of(PRIVILEGES, COLUMNS, TABLES_KEEP)
        : List.of(PRIVILEGES, COLUMNS, TABLES_KEEP, VISIBLE);
  }

  private static String columns(String table, List<String> names) {
    StringBuilder values = new StringBuilder();
    for (String name : names) {
      values.append(values.isEmpty() ? "" : ", ").append("('" + table + " " + name + "')");
    }
    return values.toString();
  }
}
