package io.conversationstore.postgres;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.json.Json;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Applies many changes that were made earlier, in one transaction: appends in one statement,
 * creates in one, the few others one by one. All or none. Thread-safe.
 *
 * <p>The statements call the same functions as single changes do, in the order of the changes, so
 * that all rules hold and nothing is decided twice.
 */
final class BatchWrites {

  private final Database database;
  private final Sql sql;
  private final Writes writes;

  BatchWrites(Database database, Sql sql, Writes writes) {
    this.database = database;
    this.sql = sql;
    this.writes = writes;
  }

  /**
   * Applies changes, none of them a bulk.
   *
   * @return what each did, in the order of the changes
   */
  List<Applied> apply(List<Change> changes) {
    List<BatchRun> runs = BatchRun.of(changes);
    try {
      return runs.size() == 1 && runs.get(0).kind() != BatchRun.Kind.OTHER
          ? database.write(connection -> apply(connection, runs, changes.size()))
          : database.transaction(connection -> apply(connection, runs, changes.size()));
    } catch (EngineFailureException | BatchRefusedException unchanged) {
      throw unchanged;
    } catch (ConversationStoreException | IllegalArgumentException refused) {
      throw new BatchRefusedException(refused);
    }
  }

  private List<Applied> apply(Connection connection, List<BatchRun> runs, int count)
      throws SQLException {
    Applied[] results = new Applied[count];
    for (BatchRun run : runs) {
      List<Applied> part = apply(connection, run);
      for (int i = 0; i < part.size(); i++) {
        results[run.places().get(i)] = part.get(i);
      }
    }
    return List.of(results);
  }

  private List<Applied> apply(Connection connection, BatchRun run) throws SQLException {
    return switch (run.kind()) {
      case APPENDS -> together(connection, sql.appendAll, run, this::bindAppends);
      case CREATES -> together(connection, sql.createAll, run, this::bindCreates);
      case OTHER -> {
        List<Applied> results = new ArrayList<>();
        for (Change change : run.changes()) {
          results.add(writes.one(connection, change, ApplyMode.REPLAY));
        }
        yield results;
      }
    };
  }

  /** Binds the changes of a run to a statement. */
  @FunctionalInterface
  private interface Binding {
    void bind(Arrays arrays, List<Change> changes) throws SQLException;
  }

  private List<Applied> together(Connection connection, String text, BatchRun run, Binding binding)
      throws SQLException {
    List<WrittenRows> written = new ArrayList<>();
    for (Change change : run.changes()) {
      written.add(new WrittenRows(change, String.valueOf(Writes.conversationId(change))));
    }
    try (PreparedStatement statement = database.prepare(connection, text)) {
      Arrays arrays = new Arrays(connection, statement);
      binding.bind(arrays, run.changes());
      statement.setString(arrays.next, database.lockTimeout());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          written.get(rows.getInt(Sql.WRITTEN_PLACE) - 1).add(rows);
        }
      }
    } catch (SQLException e) {
      if (Failures.state(e).startsWith("CS")) {
        throw new BatchRefusedException(e.getSQLState());
      }
      throw e;
    }
    return written.stream().map(WrittenRows::applied).toList();
  }

  private void bindAppends(Arrays arrays, List<Change> changes) throws SQLException {
    bindTargets(arrays, changes);
    arrays.add("int8", changes, BatchWrites::generation);
    arrays.add("bool", changes, change -> ((MessagesAppended) change).editExisting());
    arrays.add(
        "text",
        changes,
        change ->
            Json.text(
                out ->
                    writes.writeMessages(
                        out, change.owner(), ((MessagesAppended) change).messages())));
  }

  private void bindCreates(Arrays arrays, List<Change> changes) throws SQLException {
    bindTargets(arrays, changes);
    arrays.add("text", changes, change -> change.id().toString());
    arrays.add(
        "text",
        changes,
        change -> Json.text(out -> Writes.writeNew(out, (ConversationCreated) change)));
  }

  private static void bindTargets(Arrays arrays, List<Change> changes) throws SQLException {
    arrays.add("text", changes, change -> change.owner().tenantId());
    arrays.add("text", changes, change -> change.owner().userId());
    arrays.add("text", changes, change -> String.valueOf(Writes.conversationId(change)));
    arrays.add("int8", changes, change -> change.stamp().epoch());
    arrays.add("text", changes, change -> Json.time(change.stamp().time()));
  }

  private static long generation(Change change) {
    ConversationRef ref = change.ref();
    return ref == null ? ConversationRef.LIVE : ref.generation();
  }

  /** Sets one array for each column of the changes. For one thread. */
  private static final class Arrays {
    private final Connection connection;
    private final PreparedStatement statement;
    private int next = 1;

    Arrays(Connection connection, PreparedStatement statement) {
      this.connection = connection;
      this.statement = statement;
    }

    void add(String type, List<Change> changes, Function<Change, Object> column)
        throws SQLException {
      Array array = connection.createArrayOf(type, changes.stream().map(column).toArray());
      statement.setArray(next++, array);
    }
  }
}
