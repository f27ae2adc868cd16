package io.conversationstore.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.zip.CRC32;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;

/**
 * One migration: a script in the module's own resources. Neither the class path nor the
 * application's migrations are scanned. Immutable.
 */
final class SchemaScript implements JavaMigration {

  /** The maximum lock wait of a migration, which is also the wait of callers behind it. */
  static final String PATIENCE = "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = 0; ";

  private final int version;
  private final String name;
  private final String schema;

  SchemaScript(int version, String name, String schema) {
    this.version = version;
    this.name = name;
    this.schema = schema;
  }

  /** The upgrade from the version before. */
  String upgrade() {
    return sql(template("V"));
  }

  /** The way back to the version before. */
  String undo() {
    return sql(template("U"));
  }

  /** Fails if the schema is not at this version. */
  String requirement() {
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

  /** Adds the record of Flyway, if Flyway created the schema. */
  String record() {
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
   * @param kind {@code V} for the upgrade, {@code U} for the downgrade
   */
  private String template(String kind) {
    String file = "migration/" + kind + version + "__" + name + ".sql";
    try (InputStream in = SchemaScript.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("resource " + file + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
    return name;
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
      statement.execute(upgrade());
    } finally {
      if (!connection.isClosed()) {
        connection.setNetworkTimeout(Runnable::run, patience);
      }
    }
  }
}
