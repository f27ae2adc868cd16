package io.conversationstore.postgres;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Capabilities of a database and a role, checked before the schema: the encoding, whether writes
 * are accepted, and the role's rights. Read from parts of the catalogue that every role may read.
 *
 * @param schemaIsThere whether the schema exists; if not, the following flags are false
 * @param foreignTable a table of the store that the role does not own; null if there is none
 * @param takenTable a table of another application that has the name of one of the store's tables;
 *     null if there is none
 */
record Surroundings(
    String role,
    String database,
    String encoding,
    boolean readOnly,
    boolean mayCreateSchemas,
    boolean schemaIsThere,
    boolean mayUseSchema,
    boolean mayCreateInSchema,
    boolean storeIsThere,
    boolean mayReadStore,
    @Nullable String foreignTable,
    @Nullable String takenTable) {

  private static final String ENCODING = "UTF8";

  /** The store's tables. */
  static final List<String> TABLES =
      List.of(
          "conversations",
          "jobs",
          "messages",
          "nodes",
          "owner_erasures",
          "owners",
          "store",
          "taken_over",
          "user_preferences");

  private static final String NAMES = "('" + String.join("', '", TABLES) + "')";

  static Surroundings read(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT current_user, current_database(), current_setting('server_encoding'),
                    current_setting('transaction_read_only') = 'on',
                    has_database_privilege(current_database(), 'CREATE'), n.oid IS NOT NULL,
                    coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
                    coalesce(has_schema_privilege(n.oid, 'CREATE'), false),
                    s.oid IS NOT NULL, coalesce(has_table_privilege(s.oid, 'SELECT'), false),
                    (SELECT c.relname FROM pg_class c
                      WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
                        AND NOT pg_has_role(c.relowner, 'USAGE') AND c.relname IN {names}
                      ORDER BY c.relname LIMIT 1),
                    (SELECT c.relname FROM pg_class c
                      WHERE c.relnamespace = n.oid AND s.oid IS NULL AND c.relname IN {names}
                      ORDER BY c.relname LIMIT 1)
                  FROM (SELECT '{schema}' AS name) w
                  LEFT JOIN pg_namespace n ON n.nspname = w.name
                  LEFT JOIN pg_class s ON s.relnamespace = n.oid AND s.relname = 'store'
                    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = s.oid
                      AND a.attname = 'schema_version' AND NOT a.attisdropped)\
                """
                    .replace("{names}", NAMES)
                    .replace("{schema}", schema))) {
      if (!row.next()) {
        throw new SQLException("a query for one row returned none", "XX000");
      }
      return new Surroundings(
          Rows.string(row, 1),
          Rows.string(row, 2),
          Rows.string(row, 3),
          row.getBoolean(4),
          row.getBoolean(5),
          row.getBoolean(6),
          row.getBoolean(7),
          row.getBoolean(8),
          row.getBoolean(9),
          row.getBoolean(10),
          row.getString(11),
          row.getString(12));
    }
  }

  /** The fault of the encoding, which is permanent; null if the encoding is right. */
  @Nullable String encodingFault() {
    return encoding.equals(ENCODING)
        ? null
        : "database "
            + database
            + " has the encoding "
            + encoding
            + ", which cannot store every text; create a database with ENCODING 'UTF8' TEMPLATE"
            + " template0";
  }

  /** The right that the role lacks to read the schema's version; null if none. */
  @Nullable String accessFault(String schema) {
    boolean missing = (schemaIsThere && !mayUseSchema) || (storeIsThere && !mayReadStore);
    return missing
        ? "role "
            + role
            + " lacks privileges on schema "
            + schema
            + "; as its owner, run SELECT "
            + schema
            + ".grant_use('"
            + role
            + "')"
        : null;
  }

  /** The right that the role lacks to create or migrate the schema; null if none. */
  @Nullable String migrationFault(String schema, int found, int latest) {
    if (takenTable != null) {
      return "schema "
          + schema
          + " has a table "
          + takenTable
          + " of another application, and the store needs that name; give the store its own schema"
          + " with STORAGE_SCHEMA or PostgresOptions.withSchema";
    }
    String remedy;
    String lack;
    if (!schemaIsThere) {
      if (mayCreateSchemas) {
        return null;
      }
      lack = "does not exist, and role " + role + " lacks the privilege CREATE on database ";
      remedy = "GRANT CREATE ON DATABASE " + quoted(database) + " TO " + quoted(role);
      return "schema " + schema + " " + lack + database + "; run " + remedy + byHand(found);
    }
    if (!mayCreateInSchema) {
      lack = "lacks the privilege CREATE on schema " + schema;
      remedy = "GRANT USAGE, CREATE ON SCHEMA " + quoted(schema) + " TO " + quoted(role);
    } else if (foreignTable != null) {
      lack = "does not own table " + schema + "." + foreignTable;
      remedy = "REASSIGN OWNED BY its owner TO " + quoted(role);
    } else {
      return null;
    }
    return "schema "
        + schema
        + " is at version "
        + found
        + ", but version "
        + latest
        + " is needed, and role "
        + role
        + " "
        + lack
        + "; run "
        + remedy
        + byHand(found);
  }

  private static String byHand(int found) {
    return found == 0
        ? ", or let a DBA run what PostgresStore.writeSchema writes"
        : ", or let a DBA run what PostgresStore.writeSchemaUpgrade writes for version " + found;
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  static EngineFailureException misconfigured(String text) {
    return new EngineFailureException(FailureKind.MISCONFIGURED, false, text, null);
  }
}
