package io.conversationstore.benchmarks;

import io.conversationstore.Message;
import io.conversationstore.spi.SearchTokens;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What an application could send by hand for an append: the call of the store's own function, or a
 * plain INSERT of the same row into the same table, without its rules (order, idempotency,
 * counters). Rows are made ready beforehand. One connection; for one thread.
 */
final class PgBare implements AutoCloseable {

  private static final int READY = 1_000;
  private static final String CALL =
      "SELECT w.* FROM conversation_store.append_new("
          + "?, ?, ?, ?, -1, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?) w";
  private static final String INSERT =
      "INSERT INTO conversation_store.messages (tenant_id, conversation_key, generation, seq,"
          + " owner_key, epoch, message_id, version, digest, created_at, role, content,"
          + " search_tokens) VALUES (?, ?, 1, ?, ?, 0, ?, 1, ?, clock_timestamp(), 'user', ?,"
          + " ?::bigint[])";

  private final Connection connection;
  private final PreparedStatement call;
  private final PreparedStatement insert;
  private final Row[] rows;
  private final String conversation;
  private final long conversationKey;
  private final long ownerKey;
  private long next;

  /** A message made ready. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Row(String text, byte[] digest, String keys) {

    static Row of(String text, long number) {
      SplittableRandom random = new SplittableRandom(number);
      byte[] digest = new byte[16];
      random.nextBytes(digest);
      int words = SearchTokens.of(Message.user(text)).size();
      String keys =
          LongStream.generate(random::nextLong)
              .limit(words)
              .mapToObj(String::valueOf)
              .collect(Collectors.joining(","));
      return new Row(text, digest, keys);
    }
  }

  /**
   * @param conversation one that is there, and that nobody else writes to
   */
  PgBare(PgServer server, String database, String conversation, Texts texts) throws SQLException {
    this.connection = server.connect(database);
    this.conversation = conversation;
    this.call = connection.prepareStatement(CALL);
    this.insert = connection.prepareStatement(INSERT);
    this.rows = new Row[READY];
    for (int i = 0; i < READY; i++) {
      rows[i] = Row.of(texts.text(i).replace('"', ' ').replace('\\', ' '), i);
    }
    try (PreparedStatement keys =
        connection.prepareStatement(
            "SELECT conversation_key, owner_key, last_seq FROM conversation_store.conversations"
                + " WHERE conversation_id = ?")) {
      keys.setString(1, conversation);
      try (ResultSet row = keys.executeQuery()) {
        row.next();
        this.conversationKey = row.getLong(1);
        this.ownerKey = row.getLong(2);
        this.next = row.getLong(3) + 1;
      }
    }
  }

  Row row(long number) {
    return rows[(int) (number % READY)];
  }

  long conversationKey() {
    return conversationKey;
  }

  long ownerKey() {
    return ownerKey;
  }

  Connection connection() {
    return connection;
  }

  /** Gives places to this many rows; returns the first. */
  long places(int count) {
    long first = next;
    next += count;
    return first;
  }

  void call(long number) throws SQLException {
    call.setString(1, "5000ms");
    call.setString(2, PgServer.OWNER.tenantId());
    call.setString(3, PgServer.OWNER.userId());
    call.setString(4, conversation);
    Row row = row(number);
    setArray(5, "uuid", new UUID[] {UUID.randomUUID()});
    setArray(6, "bytea", new byte[][] {row.digest});
    setArray(7, "text", new String[] {"user"});
    setArray(8, "text", new String[] {row.text});
    setArray(9, "text", new String[] {"{" + row.keys + "}"});
    setArray(10, "jsonb", new String[1]);
    try (ResultSet answer = call.executeQuery()) {
      if (!answer.next()) {
        throw new IllegalStateException("the function did not append");
      }
    }
  }

  private void setArray(int parameter, String type, Object[] values) throws SQLException {
    call.setArray(parameter, connection.createArrayOf(type, values));
  }

  void insert(long number) throws SQLException {
    set(number);
    insert.executeUpdate();
  }

  /** Inserts so many rows in one batch and one transaction. */
  void insertTogether(long number, int rowCount) throws SQLException {
    connection.setAutoCommit(false);
    for (int i = 0; i < rowCount; i++) {
      set(number + i);
      insert.addBatch();
    }
    insert.executeBatch();
    connection.commit();
    connection.setAutoCommit(true);
  }

  private void set(long number) throws SQLException {
    Row row = row(number);
    insert.setString(1, PgServer.OWNER.tenantId());
    insert.setLong(2, conversationKey);
    insert.setLong(3, places(1));
    insert.setLong(4, ownerKey);
    insert.setObject(5, UUID.randomUUID());
    insert.setBytes(6, row.digest);
    insert.setString(7, row.text);
    insert.setString(8, "{" + row.keys + "}");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
