package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.spi.PrimaryStore;
import java.util.List;

/** A library with one more version of the schema, 2, for tests of upgrades. */
public final class LaterLibrary {

  private static final SchemaVersions VERSIONS = new SchemaVersions(List.of("schema", "later"));

  private LaterLibrary() {}

  /** Opens a store of that library. */
  public static ConversationStore open(PostgresOptions options) {
    return PostgresStore.open(options, VERSIONS);
  }

  /** Opens an engine of that library. */
  public static PrimaryStore openEngine(PostgresOptions options) {
    return PostgresStore.openEngine(options, VERSIONS, false);
  }
}
