package io.conversationstore.cli;

import io.conversationstore.cli.format.ImportHandler;
import io.conversationstore.cli.table.SourceDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/** The tables of another program's database as a source of an import. For one thread. */
final class ImportTables implements AutoCloseable {
  private static final byte[] SQLITE = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  private final SourceDatabase database;

  private ImportTables(SourceDatabase database) {
    this.database = database;
  }

  /** Whether a file is a database of SQLite. */
  static boolean isSqlite(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(SQLITE.length), SQLITE);
    }
  }

  /** Connects to PostgreSQL; the URL is never shown. */
  static ImportTables ofUrl(String url) {
    return opened("the source database", () -> SourceDatabase.postgres(url));
  }

  static ImportTables ofFile(Path file) {
    return opened(file.toString(), () -> SourceDatabase.sqlite(file));
  }

  private interface Opening {
    SourceDatabase open() throws SQLException;
  }

  private static ImportTables opened(String name, Opening opening) {
    try {
      return new ImportTables(opening.open());
    } catch (SQLException e) {
      throw new CommandException(
          ExitCode.UNAVAILABLE, name + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /**
   * The tables that hold conversations, all or some.
   *
   * @throws CommandException if there are none, or the database fails
   */
  List<String> require(List<String> only) {
    try {
      List<String> found = database.find(only);
      if (found.isEmpty()) {
        throw new CommandException(
            ExitCode.FILE,
            database.name()
                + " has no "
                + (only.isEmpty() ? "table" : "such table")
                + " with messages, that is with a role, a content and the id of a conversation or"
                + " a user; its tables: "
                + database.tables());
      }
      return found;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** Reads the conversations of all tables, or of some. */
  void read(List<String> only, ImportHandler handler) {
    try {
      database.read(only, handler);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private CommandException failed(SQLException e) {
    return new CommandException(
        ExitCode.UNAVAILABLE, database.name() + " cannot be read: " + e.getMessage(), e);
  }

  String name() {
    return database.name();
  }

  @Override
  public void close() {
    try {
      database.close();
    } catch (SQLException e) {
      throw new CommandException(
          ExitCode.UNAVAILABLE, database.name() + " cannot be closed: " + e.getMessage(), e);
    }
  }
}
