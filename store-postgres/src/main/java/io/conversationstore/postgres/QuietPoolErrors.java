package io.conversationstore.postgres;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Stops the pool from logging statement errors with the server's text and a stack trace: lost
 * connections are expected in an outage and when the store closes during a read. The caller of the
 * statement drops such a connection with {@link Connections#evict} and reports the error.
 */
final class QuietPoolErrors implements SQLExceptionOverride {

  // Qualified, because the interface declares its own Override.
  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException error) {
    return SQLExceptionOverride.Override.DO_NOT_EVICT;
  }
}
