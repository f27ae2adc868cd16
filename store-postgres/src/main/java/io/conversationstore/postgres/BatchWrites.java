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
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies many earlier changes in one transaction, all or none: appends in one statement, creates
 * in one, the few others one by one. Thread-safe.
 *
 * <p>Changes that are not plain ({@link PlainAppends}) use the functions of single changes, in the
 * order of the changes, so all rules hold and are implemented once.
 */
final class BatchWrites {

  private final Database database;
  private final Sql sql;
  private final Writes writes;
  private final PlainAppends appends;

  BatchWrites(Database database, Sql sql, Writes writes) {
    this.database = database;
    this.sql = sql;
    this.writes = writes;
    this.appends = new PlainAppends(database, sql, writes);
  }

  /**
   * Applies changes, none of them a bulk.
   *
   * @return the result of each, in the order of the changes
   */
  List<Applied> apply(List<Change> changes) {
    List<BatchRun> runs = BatchRun.of(changes);
    try {
      try {
        return database.transaction(connection -> apply(connection, runs, changes.size(), true));
      } catch (PlainAppends.NotPlainException rulesNeeded) {
        return database.transaction(connection -> apply(connection, runs, changes.size(), false));
      }
    } catch (EngineFailureException | BatchRefusedException unchanged) {
      throw unchanged;
    } catch (ConversationStoreException | IllegalArgumentException refused) {
      throw new BatchRefusedException(refused);
    }
  }

  private List<Applied> apply(Connection connection, List<BatchRun> runs, int count, boolean plain)
      throws SQLException {
    Applied[] results = new Applied[count];
    for (BatchRun run : runs) {
      List<Applied> part = apply(connection, run, plain);
      for (int i = 0; i < part.size(); i++) {
        results[run.places().get(i)] = part.get(i);
      }
    }
    return List.of(results);
  }

  private List<Applied> apply(Connection connection, BatchRun run, boolean plain)
      throws SQLException {
    return switch (run.kind()) {
      case APPENDS ->
          plain && isPlain(run)
              ? appends.apply(connection, run.changes())
              : together(connection, sql.appendAll, run, this::bindAppends);
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

  private static boolean isPlain(BatchRun run) {
    return run.changes().stream().noneMatch(change -> ((MessagesAppended) change).editExisting());
  }

  /** Binds the changes of a run to a statement. */
  @FunctionalInterface
  private interface Binding {
    void bind(BatchArrays<Change> arrays) throws SQLException;
  }

  private List<Applied> together(Connection connection, String text, BatchRun run, Binding binding)
      throws SQLException {
    List<WrittenRows> written = new ArrayList<>();
    for (Change change : run.changes()) {
      written.add(new WrittenRows(change, String.valueOf(Writes.conversationId(change))));
    }
    try (PreparedStatement statement = database.prepare(connection, text)) {
      BatchArrays<Change> arrays = new BatchArrays<>(database.bind(statement, null), run.changes());
      binding.bind(arrays);
      arrays.text(database.lockTimeout());
      try (ResultSet rows = database.rows(statement)) {
        while (rows.next()) {
          written.get(Rows.count(rows, Sql.WRITTEN_PLACE) - 1).add(rows);
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

  private void bindAppends(BatchArrays<Change> arrays) throws SQLException {
    bindTargets(arrays);
    arrays.add("int8", BatchWrites::generation);
    arrays.add("bool", change -> ((MessagesAppended) change).editExisting());
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

  private void bindCreates(BatchArrays<Change> arrays) throws SQLException {
    bindTargets(arrays);
    arrays.add("text", change -> change.id().toString());
    arrays.add(
        "text", change -> Json.text(out -> Writes.writeNew(out, (ConversationCreated) change)));
  }

  private static void bindTargets(BatchArrays<Change> arrays) throws SQLException {
    arrays.add("text", change -> change.owner().tenantId());
    arrays.add("text", change -> change.owner().userId());
    arrays.add("text", change -> String.valueOf(Writes.conversationId(change)));
    arrays.add("int8", change -> change.stamp().epoch());
    arrays.add("text", change -> Json.time(change.stamp().time()));
  }

  static long generation(Change change) {
    ConversationRef ref = change.ref();
    return ref == null ? ConversationRef.LIVE : ref.generation();
  }
}
