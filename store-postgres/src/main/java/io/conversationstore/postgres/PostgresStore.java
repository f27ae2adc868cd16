package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.StoreFront;
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
   * Opens a store. A database that is away does not make this fail: the store tries again at each
   * call, and makes its schema at the first success.
   *
   * @throws StoreConfigurationException if a setting is one that no server can satisfy, if the
   *     schema was made by a later version of the library, or if the encoding of the database is
   *     another than UTF8
   */
  public static ConversationStore open(PostgresOptions options) {
    Supplier<UUID> ids = options.ids();
    return new StoreFront(
        engine(options, true, false),
        options.values().limits,
        options.values().clock,
        ids,
        ids.get());
  }

  /**
   * Opens the engine below a store: for authors of stores that are built on this one. Where the
   * schema was made by a later version of the library it refuses each call until the schema fits.
   */
  public static PrimaryStore openEngine(PostgresOptions options) {
    return openEngine(options, false);
  }

  /**
   * Opens the engine below a store, as {@link #openEngine(PostgresOptions)} does.
   *
   * @param bound whether there is data that belongs to a store in the database, as a node's local
   *     copy does. Then the schema is migrated, but where it is not there it is not made: an empty
   *     one could not be that store
   */
  public static PrimaryStore openEngine(PostgresOptions options, boolean bound) {
    return engine(options, false, bound);
  }

  private static PrimaryStore engine(PostgresOptions options, boolean alone, boolean bound) {
    PrimaryStore engine = PostgresEngine.open(options, Sleeper.REAL, alone, bound);
    Duration slow = options.values().slowCall;
    return new TimedEngine(engine, slow, System::nanoTime, LOG::warn);
  }

  /** Writes the DDL of the schema, for a DBA to run where the store may not. */
  public static void writeSchema(Writer out, String schemaName) throws IOException {
    SchemaScript.writeAll(out, PostgresOptions.requireSchema(schemaName));
  }

  /**
   * Writes the DDL that takes the schema from an earlier version to that of this library, as one
   * transaction, for a DBA to run where the store may not. {@code SELECT schema_version FROM
   * conversation_store.store} tells the version that is there; run on another version it fails
   * without a trace. So it does where others hold a table for longer than 3 s, so that calls do not
   * wait behind it: run it again then.
   *
   * @param version 1 to the version before this library's
   * @throws StoreConfigurationException if the schema's name or the version is none
   */
  public static void writeSchemaUpgrade(Writer out, String schemaName, int version)
      throws IOException {
    if (version < 1 || version >= SchemaScript.LATEST) {
      throw new StoreConfigurationException(
          "the schema can go on from version 1 to " + (SchemaScript.LATEST - 1));
    }
    SchemaScript.writeUpgrade(out, PostgresOptions.requireSchema(schemaName), version);
  }

  /**
   * Writes the DDL that takes the schema from the version of this library back to an earlier one,
   * for a DBA to run in one transaction while no node is connected. Conversations and messages stay
   * down to version 1; 0 removes all data. A store of this library that may migrate brings the
   * schema forward again when it opens.
   *
   * @param version 0 to the version before this library's
   * @throws StoreConfigurationException if the schema's name or the version is none
   */
  public static void writeSchemaUndo(Writer out, String schemaName, int version)
      throws IOException {
    if (version < 0 || version >= SchemaScript.LATEST) {
      throw new StoreConfigurationException(
          "the schema can go back to version 0 to " + (SchemaScript.LATEST - 1));
    }
    SchemaScript.writeUndo(out, PostgresOptions.requireSchema(schemaName), version);
  }
}
