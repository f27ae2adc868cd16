package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.internal.DaemonTimer;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.PrimaryStore;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens stores that keep conversations in PostgreSQL (14 or newer). */
public final class PostgresStore {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

  private PostgresStore() {}

  /**
   * Opens a store, also while the database is away: the store tries again at each call, and creates
   * its schema at the first success.
   *
   * @throws StoreConfigurationException if no server can satisfy a setting, if the schema was made
   *     by a later version of the library, or if the encoding of the database is not UTF8
   */
  public static ConversationStore open(PostgresOptions options) {
    return open(options, SchemaVersions.LIBRARY);
  }

  /** Opens a store that knows these versions of the schema. */
  static ConversationStore open(PostgresOptions options, SchemaVersions versions) {
    return open(options, versions, new DaemonTimer());
  }

  /** Opens a store with another timer than threads: for tests. */
  static ConversationStore open(PostgresOptions options, JobTimer timer) {
    return open(options, SchemaVersions.LIBRARY, timer);
  }

  private static ConversationStore open(
      PostgresOptions options, SchemaVersions versions, JobTimer timer) {
    Supplier<UUID> ids = options.ids();
    PrimaryStore engine = engine(options, versions, true, false);
    return new DefaultConversationStore(
            engine, options.values().limits, options.values().clock, ids, ids.get())
        .withRetention(options.values().retention, engine, timer, LOG::info, LOG::warn);
  }

  /**
   * Opens the engine below a store, for authors of stores built on it. If the schema was made by a
   * later version of the library, each call is rejected until the schema fits.
   */
  public static PrimaryStore openEngine(PostgresOptions options) {
    return openEngine(options, false);
  }

  /**
   * Opens the engine below a store, like {@link #openEngine(PostgresOptions)}.
   *
   * @param bound whether other data, such as a node's local copy, belongs to a store in the
   *     database. The schema is then migrated if it exists but not created: an empty one could not
   *     be that store
   */
  public static PrimaryStore openEngine(PostgresOptions options, boolean bound) {
    return openEngine(options, SchemaVersions.LIBRARY, bound);
  }

  /** Opens an engine that knows these versions of the schema. */
  static PrimaryStore openEngine(PostgresOptions options, SchemaVersions versions, boolean bound) {
    return engine(options, versions, false, bound);
  }

  private static PrimaryStore engine(
      PostgresOptions options, SchemaVersions versions, boolean alone, boolean bound) {
    PrimaryStore engine = PostgresEngine.open(options, Sleeper.REAL, versions, alone, bound);
    Duration slow = options.values().slowCall;
    return new TimedEngine(engine, slow, System::nanoTime, LOG::warn);
  }

  /** Writes the DDL of the schema, for a DBA to run if the store lacks the rights. */
  public static void writeSchema(Writer out, String schemaName) throws IOException {
    SchemaVersions.LIBRARY.writeAll(out, PostgresOptions.requireSchema(schemaName));
  }

  /**
   * Writes the DDL that upgrades the schema from an earlier version to this library's, as one
   * transaction, for a DBA to run if the store lacks the rights. {@code SELECT schema_version FROM
   * conversation_store.store} shows the present version; on another version the script fails and
   * changes nothing. The same happens if others lock a table for more than 3 s, because calls would
   * wait behind the script: run it again.
   *
   * @param version 1 to the version before this library's
   * @throws StoreConfigurationException if the schema's name or the version is invalid
   */
  public static void writeSchemaUpgrade(Writer out, String schemaName, int version)
      throws IOException {
    if (version < 1 || version >= SchemaVersions.LIBRARY.latest()) {
      throw new StoreConfigurationException(
          "a schema of version "
              + version
              + " cannot be upgraded: this library creates version "
              + SchemaVersions.LIBRARY.latest()
              + " and upgrades from version 1 on");
    }
    SchemaVersions.LIBRARY.writeUpgrade(out, PostgresOptions.requireSchema(schemaName), version);
  }

  /**
   * Writes the DDL that takes the schema back from this library's version to an earlier one, for a
   * DBA to run in one transaction while no node is connected. Conversations and messages are kept
   * down to version 1; 0 removes all data. A store of this library that may migrate upgrades the
   * schema again when it opens.
   *
   * @param version 0 to the version before this library's
   * @throws StoreConfigurationException if the schema's name or the version is invalid
   */
  public static void writeSchemaUndo(Writer out, String schemaName, int version)
      throws IOException {
    if (version < 0 || version >= SchemaVersions.LIBRARY.latest()) {
      throw new StoreConfigurationException(
          "a schema cannot go back to version "
              + version
              + ": this library creates version "
              + SchemaVersions.LIBRARY.latest()
              + ", and version 0 means no schema");
    }
    SchemaVersions.LIBRARY.writeUndo(out, PostgresOptions.requireSchema(schemaName), version);
  }
}
