package io.conversationstore.postgres;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Sets parameters one after the other. For one thread. */
final class Binder {

  private final PreparedStatement statement;
  private int next = 1;

  Binder(PreparedStatement statement) {
    this.statement = statement;
  }

  Binder text(@Nullable String value) throws SQLException {
    statement.setString(next++, value);
    return this;
  }

  Binder number(long value) throws SQLException {
    statement.setLong(next++, value);
    return this;
  }

  Binder count(int value) throws SQLException {
    statement.setInt(next++, value);
    return this;
  }

  Binder flag(boolean value) throws SQLException {
    statement.setBoolean(next++, value);
    return this;
  }

  Binder optionalFlag(@Nullable Boolean value) throws SQLException {
    if (value == null) {
      statement.setNull(next++, Types.BOOLEAN);
      return this;
    }
    return flag(value);
  }

  Binder uuid(@Nullable UUID value) throws SQLException {
    if (value == null) {
      statement.setNull(next++, Types.OTHER, "uuid");
    } else {
      statement.setObject(next++, value);
    }
    return this;
  }

  Binder bytes(byte[] value) throws SQLException {
    statement.setBytes(next++, value);
    return this;
  }

  Binder array(String type, @Nullable Object[] values) throws SQLException {
    statement.setArray(next++, statement.getConnection().createArrayOf(type, values));
    return this;
  }

  Binder numbers(long @Nullable [] values) throws SQLException {
    if (values == null) {
      statement.setNull(next++, Types.ARRAY, "_int8");
      return this;
    }
    Long[] boxed = new Long[values.length];
    Arrays.setAll(boxed, i -> values[i]);
    return array("int8", boxed);
  }

  Binder time(Instant value) throws SQLException {
    statement.setObject(next++, value.atOffset(ZoneOffset.UTC));
    return this;
  }
}
