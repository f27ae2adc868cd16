package io.conversationstore.postgres;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;

/**
 * The versions of the schema and the ways between them. Each version has a script that upgrades to
 * it and one that goes back to the version before, in the directory {@code migration}. Immutable.
 */
final class SchemaVersions {

  /** The versions of this library. */
  static final SchemaVersions LIBRARY = new SchemaVersions(List.of("schema"));

  private final List<String> names;

  /**
   * @param names the names of the scripts, in order: new ones are added at the end, and released
   *     ones never change
   */
  SchemaVersions(List<String> names) {
    this.names = List.copyOf(names);
  }

  /** The value of {@code store.schema_version} after all scripts have run. */
  int latest() {
    return names.size();
  }

  /** The scripts that upgrade from a version to the latest. */
  List<SchemaScript> after(int version, String schema) {
    List<SchemaScript> scripts = new ArrayList<>();
    for (int i = version + 1; i <= names.size(); i++) {
      scripts.add(script(i, schema));
    }
    return scripts;
  }

  private SchemaScript script(int version, String schema) {
    return new SchemaScript(version, names.get(version - 1), schema);
  }

  /** Writes the creation of the schema. */
  void writeAll(Writer out, String schema) throws IOException {
    out.write("CREATE SCHEMA IF NOT EXISTS \"" + schema + "\";\n\n");
    for (SchemaScript script : after(0, schema)) {
      out.write(script.upgrade());
      out.write('\n');
    }
  }

  /**
   * Writes the upgrade from a version to the latest. If Flyway created the schema, its records are
   * written too: otherwise it would run the same migrations again once permitted.
   */
  void writeUpgrade(Writer out, String schema, int from) throws IOException {
    out.write("BEGIN;\n");
    out.write(SchemaScript.PATIENCE + "\n\n");
    out.write(script(from, schema).requirement());
    out.write('\n');
    for (SchemaScript script : after(from, schema)) {
      out.write(script.upgrade());
      out.write('\n');
      out.write(script.record());
      out.write('\n');
    }
    out.write("COMMIT;\n");
  }

  /**
   * Writes the downgrade from the latest version.
   *
   * @param to the target version; 0 removes everything
   */
  void writeUndo(Writer out, String schema, int to) throws IOException {
    for (int from = latest(); from > to; from--) {
      out.write(script(from, schema).undo());
      out.write('\n');
    }
  }
}
