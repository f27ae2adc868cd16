package io.conversationstore.benchmarks;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/**
 * SQLite as a careful user of it would set it up: write-ahead log, one connection for writing,
 * prepared statements, keys that make the reads ranges. A transaction for each append, since a
 * user's append is acknowledged on its own.
 */
final class SqliteSubject implements Subject {

  static final Kind KIND =
      new Kind() {
        @Override
        public String name() {
          return "sqlite";
        }

        @Override
        public Subject open(Path directory, Setup setup) throws Exception {
          Files.createDirectories(directory);
          return new SqliteSubject(directory.resolve("sqlite.db"), setup);
        }
      };

  private static final int BULK = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Connection connection;
  private final PreparedStatement next;
  private final PreparedStatement insert;
  private final PreparedStatement create;
  private final PreparedStatement last;
  private final PreparedStatement list;

  private SqliteSubject(Path file, Setup setup) throws SQLException {
    connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode=WAL");
      statement.execute("PRAGMA synchronous=" + (setup.durable() ? "FULL" : "OFF"));
      // Negative: KiB. As much as the other store's cache; the least that SQLite can work with.
      statement.execute("PRAGMA cache_size=" + (setup.cached() ? "-65536" : "0"));
      statement.execute(
          "CREATE TABLE IF NOT EXISTS conversations (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL,"
              + " title TEXT NOT NULL, updated_at INTEGER NOT NULL, last_seq INTEGER NOT NULL)");
      statement.execute(
          "CREATE INDEX IF NOT EXISTS recent ON conversations (owner, updated_at DESC, id)");
      statement.execute(
          "CREATE TABLE IF NOT EXISTS messages (conversation INTEGER NOT NULL, seq INTEGER NOT NULL,"
              + " id BLOB NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,"
              + " created_at INTEGER NOT NULL, PRIMARY KEY (conversation, seq)) WITHOUT ROWID");
      // What makes an append idempotent.
      statement.execute("CREATE UNIQUE INDEX IF NOT EXISTS ids ON messages (conversation, id)");
    }
    connection.setAutoCommit(false);
    next =
        connection.prepareStatement(
            "UPDATE conversations SET last_seq = last_seq + 1, updated_at = ? WHERE id = ?"
                + " RETURNING last_seq");
    insert = connection.prepareStatement("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)");
    create = connection.prepareStatement("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)");
    last =
        connection.prepareStatement(
            "SELECT seq, id, role, content, created_at FROM messages WHERE conversation = ?"
                + " ORDER BY seq DESC LIMIT 20");
    list =
        connection.prepareStatement(
            "SELECT id, title, updated_at, last_seq FROM conversations WHERE owner = ?"
                + " ORDER BY updated_at DESC, id LIMIT 50");
  }

  @Override
  public void append(int conversation, String text) throws SQLException {
    byte[] id = bytes(UUID.randomUUID());
    lock.lock();
    try {
      long now = System.currentTimeMillis();
      next.setLong(1, now);
      next.setInt(2, conversation);
      long seq;
      try (ResultSet row = next.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("no such conversation");
        }
        seq = row.getLong(1);
      }
      insert(conversation, seq, id, "user", text, now);
      insert.executeUpdate();
      connection.commit();
    } finally {
      lock.unlock();
    }
  }

  private void insert(int conversation, long seq, byte[] id, String role, String text, long now)
      throws SQLException {
    insert.setInt(1, conversation);
    insert.setLong(2, seq);
    insert.setBytes(3, id);
    insert.setString(4, role);
    insert.setString(5, text);
    insert.setLong(6, now);
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  @Override
  public int last20(int conversation) throws SQLException {
    lock.lock();
    try {
      last.setInt(1, conversation);
      String[] texts = new String[20];
      int count = 0;
      long read = 0;
      try (ResultSet rows = last.executeQuery()) {
        while (rows.next()) {
          read += rows.getLong(1) + rows.getBytes(2).length + rows.getString(3).length();
          texts[count++] = rows.getString(4);
          read += rows.getLong(5);
        }
      }
      int characters = read == 0 ? 1 : 0;
      for (int i = count - 1; i >= 0; i--) {
        characters += texts[i].length();
      }
      return characters;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int list(int owner) throws SQLException {
    lock.lock();
    try {
      list.setInt(1, owner);
      int count = 0;
      try (ResultSet rows = list.executeQuery()) {
        while (rows.next()) {
          count += rows.getString(2).isEmpty() || rows.getLong(3) + rows.getLong(4) < 0 ? 0 : 1;
        }
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void load(int first, int conversations, int messagesEach, Texts texts)
      throws SQLException {
    int pending = 0;
    for (int conversation = first; conversation < first + conversations; conversation++) {
      long now = System.currentTimeMillis();
      create.setInt(1, conversation);
      create.setInt(2, conversation % OWNERS);
      create.setString(3, "Conversation " + conversation);
      create.setLong(4, now);
      create.setLong(5, messagesEach);
      create.executeUpdate();
      for (int j = 0; j < messagesEach; j++) {
        long number = (long) conversation * messagesEach + j;
        UUID id = new UUID(number, number);
        insert(
            conversation,
            j + 1L,
            bytes(id),
            j % 2 == 0 ? "user" : "assistant",
            texts.text(number),
            now);
        insert.addBatch();
        if (++pending == BULK) {
          insert.executeBatch();
          connection.commit();
          pending = 0;
        }
      }
    }
    insert.executeBatch();
    connection.commit();
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException("SQLite cannot be closed", e);
    }
  }
}
