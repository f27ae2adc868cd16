package io.conversationstore.postgres;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import org.postgresql.util.PSQLException;

/**
 * Keeps the pool from logging what the server said: it logs an error by which it takes a connection
 * for broken. Who runs the statement gives such a connection up by {@link Connections#evict}.
 */
final class QuietPoolErrors implements SQLExceptionOverride {

  // In full, because the interface has an Override of its own.
  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException error) {
    boolean fromServer =
        error instanceof PSQLException driver && driver.getServerErrorMessage() != null;
    return fromServer
        ? SQLExceptionOverride.Override.DO_NOT_EVICT
        : SQLExceptionOverride.Override.CONTINUE_EVICT;
  }
}
