package io.conversationstore.postgres;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.StoreAbsentException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/** Checks the schema and brings it to the version of this library. Thread-safe. */
final class Migrations {

  static final String HISTORY_TABLE = "schema_history";

  /** The pause after a migration that did not get a lock in time. */
  private static final Duration REST = Duration.ofSeconds(10);

  private final DataSource source;
  private final SchemaVersions versions;
  private final String schema;
  private final boolean allowed;
  private final boolean bound;
  private final boolean rowSecurity;
  private volatile boolean later;
  private volatile boolean unfit;

  /** Written by one caller at a time: the end of the last lock wait that timed out. */
  private volatile long waitedNanos;

  private volatile boolean waited;

  /** Whether the schema existed before; it is then not created again. */
  private volatile boolean seen;

  /**
   * @param versions the versions that the library knows
   * @param allowed whether the schema may be created and migrated
   * @param bound whether data outside the database belongs to a store in this schema, which
   *     therefore existed before
   * @param rowSecurity whether the store names the tenant of each call
   */
  Migrations(
      DataSource source,
      SchemaVersions versions,
      String schema,
      boolean allowed,
      boolean bound,
      boolean rowSecurity) {
    this.source = source;
    this.versions = versions;
    this.schema = schema;
    this.allowed = allowed;
    this.bound = bound;
    this.rowSecurity = rowSecurity;
  }

  /** The version that the library needs. */
  int latest() {
    return versions.latest();
  }

  /** Whether the last check found a schema of a later library. */
  boolean later() {
    return later;
  }

  /** Whether the last check found the database permanently unfit. */
  boolean unfit() {
    return unfit;
  }

  /** Throws the driver's error, or a fault of the database or the schema. */
  void ensure() throws SQLException {
    Surroundings surroundings;
    int latest = versions.latest();
    int found;
    try (Connection connection = source.getConnection()) {
      surroundings = Surroundings.read(connection, schema);
      String encoding = surroundings.encodingFault();
      unfit = encoding != null;
      requireNone(encoding);
      requireNone(surroundings.accessFault(schema));
      found = surroundings.storeIsThere() ? version(connection) : 0;
    }
    later = found > latest;
    seen |= found > 0;
    if (found == 0 && (seen || bound)) {
      throw gone();
    }
    if (found < latest && allowed) {
      requireRested();
      // Checked first, because Flyway retries rejected statements for seconds.
      requireNone(surroundings.migrationFault(schema, found, latest));
      if (surroundings.readOnly()) {
        throw new SQLException("a read-only server cannot be migrated", "25006");
      }
      migrate(found);
      found = version();
    }
    if (found < latest) {
      throw new EngineFailureException(
          FailureKind.MISCONFIGURED,
          false,
          "schema "
              + schema
              + " is at version "
              + found
              + ", but version "
              + latest
              + " is needed; see PostgresStore.writeSchema",
          null);
    }
    if (found > latest) {
      throw new EngineFailureException(
          FailureKind.MISCONFIGURED,
          false,
          "schema "
              + schema
              + " is at version "
              + found
              + ", but this library supports up to "
              + latest
              + "; use a newer library, or see PostgresStore.writeSchemaUndo",
          null);
    }
    seen = true;
    if (!rowSecurity) {
      requireNoRowSecurity();
    }
  }

  /** A new schema would be empty and look like an empty store. */
  private StoreAbsentException gone() {
    return new StoreAbsentException(
        "schema "
            + schema
            + " is not in the database, but it was in use before; restore it, or give the node the"
            + " right database or a directory of its own. A store without a local directory creates"
            + " an empty schema when it is opened again");
  }

  /** A store that names no tenant would see no rows and report an empty database. */
  private void requireNoRowSecurity() throws SQLException {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT coalesce(bool_or(row_security_active(c.oid)), false) FROM pg_class c
                  WHERE c.relnamespace = '"%s"'::regnamespace AND c.relkind IN ('r', 'p')\
                """
                    .formatted(schema))) {
      if (row.next() && Rows.flag(row, 1)) {
        throw new EngineFailureException(
            FailureKind.MISCONFIGURED,
            false,
            "row-level security is on for the tables of schema "
                + schema
                + ", and the store was opened without it; open it with"
                + " withRowLevelSecurity(true), or turn it off with use_row_level_security(false)",
            null);
      }
    }
  }

  private static void requireNone(@Nullable String fault) {
    if (fault != null) {
      throw Surroundings.misconfigured(fault);
    }
  }

  /** The schema's version; 0 if there is no schema. */
  int version() throws SQLException {
    try (Connection connection = source.getConnection()) {
      return version(connection);
    }
  }

  /** The same on the caller's connection. */
  int version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet there =
          statement.executeQuery("SELECT to_regclass('\"" + schema + "\".store') IS NOT NULL")) {
        if (!there.next() || !Rows.flag(there, 1)) {
          return 0;
        }
      }
      try (ResultSet row =
          statement.executeQuery("SELECT schema_version FROM \"" + schema + "\".store")) {
        return row.next() ? Rows.count(row, 1) : 0;
      }
    }
  }

  /** Lets callers that queued behind a waiting migration run before the next try. */
  private void requireRested() {
    if (waited && System.nanoTime() - waitedNanos < REST.toNanos()) {
      throw new EngineFailureException(
          FailureKind.CONTENTION,
          false,
          "schema "
              + schema
              + " must be migrated, but other transactions hold a lock; the migration is retried"
              + " after a pause",
          null);
    }
    waited = false;
  }

  /** Why policies of row-level security are not in force; null if they are. */
  @Nullable String policiesFault() throws SQLException {
    try (Connection connection = source.getConnection()) {
      return Policies.fault(connection, schema);
    }
  }

  private void migrate(int found) throws SQLException {
    try {
      Flyway.configure(Migrations.class.getClassLoader())
          .dataSource(source)
          // Otherwise, without an SLF4J provider, it would write each line to java.util.logging.
          .loggers("slf4j")
          .schemas(schema)
          .defaultSchema(schema)
          .table(HISTORY_TABLE)
          .locations(new String[0])
          .javaMigrations(versions.after(0, schema).toArray(JavaMigration[]::new))
          .baselineOnMigrate(true)
          .baselineVersion(String.valueOf(found))
          .load()
          .migrate();
    } catch (FlywayException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (t instanceof SQLException sql) {
          if (Failures.isLockTimeout(sql)) {
            waitedNanos = System.nanoTime();
            waited = true;
          }
          throw sql;
        }
      }
      throw new EngineFailureException(
          FailureKind.MISCONFIGURED,
          false,
          "schema " + schema + " could not be migrated: " + e.getErrorCode(),
          null);
    }
  }
}
