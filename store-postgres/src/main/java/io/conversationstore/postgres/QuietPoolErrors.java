package io.conversationstore.postgres;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Keeps the pool from logging errors of statements, with what the server said and a stack trace:
 * lost connections are expected, at an outage and where the store closes while it reads. Who runs
 * the statement gives such a connection up by {@link Connections#evict} and says what it means.
 */
final class QuietPoolErrors implements SQLExceptionOverride {

  // In full, because the interface has an Override of its own.
  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException error) {
    return SQLExceptionOverride.Override.DO_NOT_EVICT;
  }
}
