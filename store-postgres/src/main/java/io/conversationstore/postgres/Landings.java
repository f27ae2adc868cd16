package io.conversationstore.postgres;

import io.conversationstore.Owner;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Landing;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where changes took effect, as far as the rows remember them. Thread-safe. */
final class Landings {

  private final Database database;
  private final Sql sql;

  Landings(Database database, Sql sql) {
    this.database = database;
    this.sql = sql;
  }

  List<Landing> of(Change change) {
    return database.read(connection -> of(connection, change));
  }

  /** The same within a transaction. */
  List<Landing> of(Connection connection, Change change) throws SQLException {
    return switch (change.kind()) {
      case MESSAGE_EDITED -> {
        MessageEdited edit = (MessageEdited) change;
        yield query(
            connection,
            change,
            sql.editLanding,
            in -> in.text(edit.ref().id()).uuid(edit.messageId()).uuid(change.id()));
      }
      case PREFERENCES_PUT ->
          query(connection, change, sql.preferencesLanding, in -> in.uuid(change.id()));
      case OWNER_ERASED ->
          query(connection, change, sql.erasureLanding, in -> in.uuid(change.id()));
      case CONVERSATION_CREATED, CONVERSATION_UPDATED, BULK -> ofHeaders(connection, change);
      case CONVERSATION_DELETED, MESSAGES_APPENDED, MESSAGE_DELETED -> List.of();
    };
  }

  boolean recordJoin(ConversationCreated create, long generation) {
    Owner owner = create.owner();
    return database.write(
        connection -> {
          try (PreparedStatement statement = database.prepare(connection, sql.recordJoin)) {
            database
                .bind(statement, owner.tenantId())
                .text(database.lockTimeout())
                .text(owner.tenantId())
                .text(owner.userId())
                .text(create.conversationId())
                .uuid(create.id())
                .number(generation);
            try (ResultSet rows = database.rows(statement)) {
              rows.next();
              return rows.getBoolean(1);
            }
          }
        });
  }

  private List<Landing> ofHeaders(Connection connection, Change change) throws SQLException {
    List<Change> headers = new ArrayList<>();
    for (Change part : change.parts()) {
      boolean inHeader =
          switch (part.kind()) {
            case CONVERSATION_CREATED, CONVERSATION_UPDATED -> true;
            case CONVERSATION_DELETED,
                MESSAGES_APPENDED,
                MESSAGE_EDITED,
                MESSAGE_DELETED,
                PREFERENCES_PUT,
                OWNER_ERASED,
                BULK ->
                false;
          };
      if (inHeader) {
        headers.add(part);
      }
    }
    if (headers.isEmpty()) {
      return List.of();
    }
    return query(
        connection,
        change,
        sql.headerLandings,
        in ->
            in.array("text", headers.stream().map(Writes::conversationId).distinct().toArray())
                .array("uuid", headers.stream().map(Change::id).toArray()));
  }

  private List<Landing> query(
      Connection connection, Change change, String text, Reads.Parameters parameters)
      throws SQLException {
    Map<@Nullable String, Landing> landings = new LinkedHashMap<>();
    try (PreparedStatement statement = database.prepare(connection, text)) {
      Binder in = database.bind(statement, change.owner().tenantId());
      parameters.set(in.text(change.owner().tenantId()).text(change.owner().userId()));
      try (ResultSet rows = database.rows(statement)) {
        while (rows.next()) {
          String id = rows.getString(1);
          landings.putIfAbsent(id, new Landing(id, rows.getLong(2), Rows.requireTime(rows, 3)));
        }
      }
    }
    return List.copyOf(landings.values());
  }
}
