package io.conversationstore.testkit;

/**
 * A statement that a client asks the server to run, as {@link FaultProxy} saw it: a simple query,
 * or the execution of a portal with the SQL text parsed earlier on this connection. Immutable.
 */
public final class ClientStatement {

  private final String sql;
  private final byte[] payload;

  ClientStatement(String sql, byte[] payload) {
    this.sql = sql;
    this.payload = payload;
  }

  /** The SQL text; parameters appear as {@code $1} and so on. */
  public String sql() {
    return sql;
  }

  /**
   * Whether these bytes occur in the message that carried the values: the Bind message, or the
   * simple query itself. Text parameters are UTF-8; pgjdbc may send numbers and UUIDs in binary.
   */
  public boolean contains(byte[] bytes) {
    for (int i = 0; i + bytes.length <= payload.length; i++) {
      int matched = 0;
      while (matched < bytes.length && payload[i + matched] == bytes[matched]) {
        matched++;
      }
      if (matched == bytes.length) {
        return true;
      }
    }
    return false;
  }

  /** The SQL text without the values. */
  @Override
  public String toString() {
    return sql;
  }
}
