package io.conversationstore.postgres;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A library with one more version of the schema than this one, for tests of upgrades: the scripts
 * are among the resources of the tests.
 */
final class MadeUpVersion {

  static final SchemaVersions VERSIONS = new SchemaVersions(List.of("schema", "made_up"));

  private MadeUpVersion() {}

  static String upgrade(int from) {
    StringWriter script = new StringWriter();
    try {
      VERSIONS.writeUpgrade(script, PostgresOptions.DEFAULT_SCHEMA, from);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return script.toString();
  }

  static String undo(int to) {
    StringWriter script = new StringWriter();
    try {
      VERSIONS.writeUndo(script, PostgresOptions.DEFAULT_SCHEMA, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return script.toString();
  }
}
