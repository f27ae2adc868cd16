package io.conversationstore.cli.table;

import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table or view.
 *
 * @param schema null in a database without schemas
 * @param columns in their order
 */
record Table(@Nullable String schema, String name, List<String> columns) {
  private static final Set<String> SYSTEM =
      Set.of("information_schema", "pg_catalog", "pg_toast", "conversation_store");

  Table {
    columns = List.copyOf(columns);
  }

  /** All tables and views with their columns, but those of the system and of this library. */
  static List<Table> all(DatabaseMetaData catalog) throws SQLException {
    record Key(String schema, String name) {}
    Map<Key, List<String>> columns = new LinkedHashMap<>();
    try (ResultSet rows = catalog.getColumns(null, null, "%", "%")) {
      while (rows.next()) {
        String schema = rows.getString("TABLE_SCHEM");
        Key key = new Key(schema == null ? "" : schema, rows.getString("TABLE_NAME"));
        columns.computeIfAbsent(key, k -> new ArrayList<>()).add(rows.getString("COLUMN_NAME"));
      }
    }
    List<Table> tables = new ArrayList<>();
    columns.forEach(
        (key, names) -> {
          if (!SYSTEM.contains(key.schema())) {
            tables.add(new Table(key.schema().isEmpty() ? null : key.schema(), key.name(), names));
          }
        });
    tables.sort(Comparator.comparing(Table::toString));
    return tables;
  }

  /** The name in lower case. */
  String plainName() {
    return name.toLowerCase(Locale.ROOT);
  }

  /** The first of these columns that the table has, as it is written; null if it has none. */
  @Nullable String column(List<String> names) {
    for (String wanted : names) {
      for (String column : columns) {
        if (column.equalsIgnoreCase(wanted)) {
          return column;
        }
      }
    }
    return null;
  }

  boolean has(String... names) {
    for (String each : names) {
      if (column(List.of(each)) == null) {
        return false;
      }
    }
    return true;
  }

  /** The name for SQL. */
  String sql() {
    return (schema == null ? "" : quoted(schema) + ".") + quoted(name);
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /** The name for people. */
  @Override
  public String toString() {
    return schema == null || schema.equals("public") ? name : schema + "." + name;
  }
}
