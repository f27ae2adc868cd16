package io.conversationstore.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares the schema's objects other than tables with the list of those that the migrations create
 * ({@code objects.txt}). Reads only the catalogue, so the cost does not depend on the number of
 * rows. Immutable.
 */
final class SchemaObjects {

  /** The name in the list and the state of each object; an empty state is good. */
  static final String CATALOGUE =
      """
      SELECT CASE k.contype WHEN 'f' THEN 'foreign-key ' ELSE 'constraint ' END
            || coalesce(c.relname, t.typname) || ' ' || k.conname,
          CASE WHEN NOT k.convalidated THEN 'not validated'
            WHEN EXISTS (SELECT FROM pg_trigger g
              WHERE g.tgconstraint = k.oid AND g.tgenabled NOT IN ('O', 'A')) THEN 'disabled'
            ELSE '' END
        FROM pg_constraint k
        LEFT JOIN pg_class c ON c.oid = k.conrelid
        LEFT JOIN pg_type t ON t.oid = k.contypid
        WHERE k.connamespace = ?::regnamespace AND k.contype IN ('p', 'u', 'f', 'c')
      UNION ALL
      SELECT 'index ' || t.relname || ' ' || c.relname,
          CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE 'not valid' END
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_class t ON t.oid = i.indrelid
        WHERE c.relnamespace = ?::regnamespace
      UNION ALL
      SELECT 'trigger ' || c.relname || ' ' || g.tgname,
          CASE WHEN g.tgenabled IN ('O', 'A') THEN '' ELSE 'disabled' END
        FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
        WHERE c.relnamespace = ?::regnamespace AND NOT g.tgisinternal
      UNION ALL
      SELECT 'function ' || p.proname || ' ' || p.pronargs, ''
        FROM pg_proc p WHERE p.pronamespace = ?::regnamespace""";

  private static final List<String> EXPECTED = read();

  private final Map<String, String> states = new HashMap<>();

  /** Reads the rows of {@link #CATALOGUE}. */
  SchemaObjects(ResultSet rows) throws SQLException {
    while (rows.next()) {
      states.put(Rows.string(rows, 1), Rows.string(rows, 2));
    }
  }

  static void bind(Binder in, String schema) throws SQLException {
    in.text(schema).text(schema).text(schema).text(schema);
  }

  static List<String> expected() {
    return EXPECTED;
  }

  /** Missing or inactive objects of a kind, with their names; empty if there are none. */
  String faults(String kind) {
    StringBuilder faults = new StringBuilder();
    for (String object : EXPECTED) {
      String state = states.getOrDefault(object, "missing");
      if (object.startsWith(kind + " ") && !state.isEmpty()) {
        faults.append(faults.isEmpty() ? "" : ", ").append(state).append(": ");
        faults.append(object.substring(kind.length() + 1));
      }
    }
    return faults.toString();
  }

  private static List<String> read() {
    try (InputStream in = SchemaObjects.class.getResourceAsStream("objects.txt")) {
      if (in == null) {
        throw new IllegalStateException("resource objects.txt is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
