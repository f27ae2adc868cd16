package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.StoreFront;
import java.io.IOException;
import java.io.Writer;
import java.util.UUID;
import java.util.function.Supplier;

/** Opens stores that keep conversations in PostgreSQL (13 or newer). */
public final class PostgresStore {

  private PostgresStore() {}

  /**
   * Opens a store. A database that is away does not make this fail: the store tries again at each
   * call, and makes its schema at the first success.
   */
  public static ConversationStore open(PostgresOptions options) {
    Supplier<UUID> ids = options.ids();
    return new StoreFront(
        openEngine(options), options.values().limits, options.values().clock, ids, ids.get());
  }

  /** Opens the engine below a store: for authors of stores that are built on this one. */
  public static PrimaryStore openEngine(PostgresOptions options) {
    return PostgresEngine.open(options, Sleeper.REAL);
  }

  /** Writes the DDL of the schema, for a DBA to run where the store may not. */
  public static void writeSchema(Writer out, String schemaName) throws IOException {
    SchemaScript.writeAll(out, PostgresOptions.requireSchema(schemaName));
  }
}
