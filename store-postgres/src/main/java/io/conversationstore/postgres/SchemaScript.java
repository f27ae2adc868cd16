package io.conversationstore.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import java.util.zip.CRC32;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;

/**
 * One migration: a script in the module's own resources. Neither the class path nor the
 * application's migrations are scanned. Immutable.
 */
final class SchemaScript implements JavaMigration {

  /** In order; new ones are added at the end, and released ones never change. */
  private static final List<String> NAMES =
      List.of(
          "tables",
          "changes",
          "operators",
          "search",
          "rowsecurity",
          "appends",
          "safeguards",
          "searchpath",
          "identity",
          "takeovers",
          "jobs");

  /** The value of {@code store.schema_version} after all have run. */
  static final int LATEST = NAMES.size();

  /** The maximum lock wait of a migration, which is also the wait of callers behind it. */
  private static final String PATIENCE =
      "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = 0; ";

  private final int version;
  private final String schema;

  private SchemaScript(int version, String schema) {
    this.version = version;
    this.schema = schema;
  }

  static JavaMigration[] all(String schema) {
    JavaMigration[] all = new JavaMigration[LATEST];
    for (int i = 0; i < LATEST; i++) {
      all[i] = new SchemaScript(i + 1, schema);
    }
    return all;
  }

  static void writeAll(Writer out, String schema) throws IOException {
    out.write("CREATE SCHEMA IF NOT EXISTS \"" + schema + "\";\n\n");
    for (int i = 0; i < LATEST; i++) {
      out.write(new SchemaScript(i + 1, schema).sql());
      out.write('\n');
    }
  }

  /**
   * Writes the upgrade from a version to the latest. If Flyway created the schema, its records are
   * written too: otherwise it would run the same migrations again once permitted.
   */
  static void writeUpgrade(Writer out, String schema, int from) throws IOException {
    out.write("BEGIN;\n");
    out.write(PATIENCE + "\n\n");
    out.write(new SchemaScript(from, schema).requirement());
    out.write('\n');
    for (int i = from; i < LATEST; i++) {
      SchemaScript script = new SchemaScript(i + 1, schema);
      out.write(script.sql());
      out.write('\n');
      out.write(script.record());
      out.write('\n');
    }
    out.write("COMMIT;\n");
  }

  /** Fails if the schema is not at this version. */
  private String requirement() {
    return sql(
        """
        DO $require$
        BEGIN
          IF NOT EXISTS (SELECT FROM ${schema}.store WHERE schema_version = %d) THEN
            RAISE EXCEPTION 'the schema is not at version %1$d';
          END IF;
        END $require$;
        """
            .formatted(version));
  }

  private String record() {
    return sql(
        """
        DO $record$
        BEGIN
          IF to_regclass('${schema}.%1$s') IS NOT NULL THEN
            INSERT INTO ${schema}.%1$s (installed_rank, version, description, type, script,
                checksum, installed_by, execution_time, success)
              SELECT coalesce(max(installed_rank), 0) + 1, '%2$d', '%3$s', 'JDBC', '%4$s', %5$d,
                  current_user, 0, true FROM ${schema}.%1$s;
          END IF;
        END $record$;
        """
            .formatted(
                Migrations.HISTORY_TABLE,
                version,
                getDescription(),
                SchemaScript.class.getName(),
                getChecksum()));
  }

  /**
   * Writes the downgrade from the latest version.
   *
   * @param to the target version; 0 removes everything
   */
  static void writeUndo(Writer out, String schema, int to) throws IOException {
    for (int from = LATEST; from > to; from--) {
      SchemaScript script = new SchemaScript(from, schema);
      out.write(script.sql(script.template("U")));
      out.write('\n');
    }
  }

  /**
   * @param kind {@code V} for the upgrade, {@code U} for the downgrade
   */
  private String template(String kind) {
    String name = "migration/" + kind + version + "__" + getDescription() + ".sql";
    try (InputStream in = SchemaScript.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String sql() {
    return sql(template("V"));
  }

  private String sql(String template) {
    return template.replace("${schema}", '"' + schema + '"');
  }

  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion(String.valueOf(version));
  }

  @Override
  public String getDescription() {
    return NAMES.get(version - 1);
  }

  @Override
  public Integer getChecksum() {
    CRC32 crc = new CRC32();
    crc.update(template("V").getBytes(StandardCharsets.UTF_8));
    return (int) crc.getValue();
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  /**
   * Runs without a time-out: TCP keep-alive detects a lost server. It waits for locks only briefly,
   * because later callers queue behind it.
   */
  @Override
  public void migrate(Context context) throws Exception {
    Connection connection = context.getConnection();
    int patience = connection.getNetworkTimeout();
    try (var statement = connection.createStatement()) {
      statement.execute(PATIENCE);
      connection.setNetworkTimeout(Runnable::run, 0);
      statement.execute(sql());
    } finally {
      if (!connection.isClosed()) {
        connection.setNetworkTimeout(Runnable::run, patience);
      }
    }
  }
}
