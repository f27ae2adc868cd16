package io.conversationstore.postgres;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.ContentPart;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Adds the keys of words to messages without keys, stored before there was an index or by a node
 * with search off. The row's version stays: its content is the same, and local copies need no
 * update. Thread-safe.
 */
final class TokenIndex {

  /** Messages per batch; each may be as large as {@code StoreLimits.maxMessageBytes}. */
  private static final int BATCH = 100;

  private final Database database;
  private final Sql sql;
  private final Reads reads;

  TokenIndex(Database database, Sql sql, Reads reads) {
    this.database = database;
    this.sql = sql;
    this.reads = reads;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Row(long conversation, long generation, long seq, long version, long[] keys) {}

  /** Whether writes are impossible: on a replica, or in a database set to read-only. */
  boolean readOnly() {
    return reads.query(
        null,
        "SELECT current_setting('transaction_read_only') = 'on'",
        in -> {},
        row -> row.next() && Rows.flag(row, 1));
  }

  /** Processes all messages of an owner without keys. */
  void fill(Owner owner) {
    @Nullable Row last = null;
    do {
      Row after = last;
      List<Row> batch =
          reads.query(
              owner.tenantId(), sql.unindexed, in -> bind(in, owner, after), r -> rows(r, owner));
      last = batch.isEmpty() ? null : batch.get(batch.size() - 1);
      if (last != null) {
        database.write(connection -> store(connection, owner, batch));
      }
    } while (last != null);
  }

  private static void bind(Binder in, Owner owner, @Nullable Row after) throws SQLException {
    in.text(owner.tenantId()).text(owner.userId());
    in.number(after == null ? 0 : after.conversation);
    in.number(after == null ? 0 : after.generation).number(after == null ? 0 : after.seq);
    in.number(BATCH);
  }

  private static List<Row> rows(ResultSet rows, Owner owner) throws SQLException {
    List<Row> batch = new ArrayList<>();
    while (rows.next()) {
      String text = rows.getString(5);
      String parts = rows.getString(6);
      List<ContentPart> content =
          text != null
              ? List.of(new ContentPart.Text(text))
              : ModelJson.readContent(parts == null ? null : Json.parse(parts));
      batch.add(
          new Row(
              Rows.number(rows, 1),
              Rows.number(rows, 2),
              Rows.number(rows, 3),
              Rows.number(rows, 4),
              TokenKeys.of(owner, content)));
    }
    return batch;
  }

  /** Skips rows changed since they were read: they have keys already or are processed later. */
  private boolean store(Connection connection, Owner owner, List<Row> batch) throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, sql.index)) {
      database
          .bind(statement, owner.tenantId())
          .text(Json.text(out -> write(out, batch)))
          .text(owner.tenantId());
      return statement.execute();
    }
  }

  private static void write(JsonGenerator out, List<Row> batch) throws IOException {
    out.writeStartArray();
    for (Row row : batch) {
      out.writeStartObject();
      out.writeNumberField("conversation_key", row.conversation);
      out.writeNumberField("generation", row.generation);
      out.writeNumberField("seq", row.seq);
      out.writeNumberField("version", row.version);
      out.writeFieldName("search_tokens");
      out.writeArray(row.keys, 0, row.keys.length);
      out.writeEndObject();
    }
    out.writeEndArray();
  }
}
