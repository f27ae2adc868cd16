package io.conversationstore.postgres;

import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Appends to many conversations with one call, at a fraction of the cost of one function call each.
 * Only for appends that need no rule: every conversation is live in the generation that its changes
 * name, and all messages are new. Otherwise nothing is changed, and the caller uses the functions,
 * which implement all rules. Thread-safe.
 */
final class PlainAppends {

  /** A rule is needed; the transaction must not be used any more. */
  static final class NotPlainException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotPlainException() {
      super("not a plain append", null, false, false);
    }
  }

  private static final String UNIQUE_VIOLATION = "23505";

  /** Raised by append_plain. */
  private static final String RULES_NEEDED = "CS007";

  private record Key(Owner owner, String id) {}

  private final Database database;
  private final Sql sql;
  private final Writes writes;

  PlainAppends(Database database, Sql sql, Writes writes) {
    this.database = database;
    this.sql = sql;
    this.writes = writes;
  }

  /**
   * Appends in an open transaction.
   *
   * @param changes appends alone
   * @throws NotPlainException if a rule may be needed
   */
  List<Applied> apply(Connection connection, List<Change> changes) throws SQLException {
    try {
      return insert(connection, changes);
    } catch (SQLException e) {
      String state = Failures.state(e);
      if (state.equals(UNIQUE_VIOLATION) || state.equals(RULES_NEEDED)) {
        throw new NotPlainException();
      }
      throw e;
    }
  }

  private static Key key(Change change) {
    return new Key(change.owner(), String.valueOf(Writes.conversationId(change)));
  }

  /** A message that is to be inserted, and the place of its change. */
  private record Entry(int change, MessagesAppended append, NewMessage message) {}

  private List<Applied> insert(Connection connection, List<Change> changes) throws SQLException {
    List<List<State>> states = new ArrayList<>();
    Map<Key, Deque<Entry>> entries = new HashMap<>();
    for (int i = 0; i < changes.size(); i++) {
      states.add(new ArrayList<>());
      MessagesAppended append = (MessagesAppended) changes.get(i);
      Deque<Entry> queue = entries.computeIfAbsent(key(append), key -> new ArrayDeque<>());
      for (NewMessage message : append.messages()) {
        queue.add(new Entry(i, append, message));
      }
    }
    Map<Key, ConversationState> headers = new HashMap<>();
    try (PreparedStatement statement = database.prepare(connection, sql.appendPlain)) {
      bind(database.bind(statement, null), changes);
      try (ResultSet rows = database.rows(statement)) {
        while (rows.next()) {
          ConversationState header = Rows.conversation(rows, 8);
          if (header != null) {
            headers.put(new Key(header.owner(), header.id()), header);
            continue;
          }
          Owner owner = Owner.of(Rows.string(rows, 1), Rows.string(rows, 2));
          // The messages of a conversation come in the order of their places.
          Entry entry = next(entries.get(new Key(owner, Rows.string(rows, 3))));
          states.get(entry.change).add(message(rows, entry));
        }
      }
    }
    List<Applied> applied = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      @Nullable ConversationState header = headers.get(key(changes.get(i)));
      if (header != null) {
        states.get(i).add(0, header);
      }
      applied.add(Applied.of(true, states.get(i)));
    }
    return applied;
  }

  private void bind(Binder in, List<Change> changes) throws SQLException {
    in.text(database.lockTimeout());
    BatchArrays<Change> arrays = new BatchArrays<>(in, changes);
    arrays.add("text", change -> change.owner().tenantId());
    arrays.add("text", change -> change.owner().userId());
    arrays.add("text", change -> String.valueOf(Writes.conversationId(change)));
    arrays.add("int8", change -> change.stamp().epoch());
    arrays.add("int8", BatchWrites::generation);
    arrays.add("text", change -> Json.time(change.stamp().time()));
    arrays.add(
        "text",
        change ->
            Json.text(
                out ->
                    MessageJson.write(
                        out,
                        change.owner(),
                        ((MessagesAppended) change).messages(),
                        writes.search())));
  }

  private static Entry next(@Nullable Deque<Entry> entries) {
    if (entries == null) {
      throw new IllegalStateException("append_plain returned a message that was not given");
    }
    return entries.remove();
  }

  private static MessageState message(ResultSet row, Entry entry) throws SQLException {
    return NewAppends.state(
        entry.append,
        entry.message,
        Rows.number(row, 4),
        Rows.number(row, 5),
        Rows.number(row, 6),
        Rows.requireTime(row, 7));
  }
}
