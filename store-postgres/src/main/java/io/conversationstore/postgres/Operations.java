package io.conversationstore.postgres;

import io.conversationstore.ActiveUser;
import io.conversationstore.Owner;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
import io.conversationstore.spi.DatabaseIdentity;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.PrimaryStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Operations over all owners, in batches that hold locks only briefly. Thread-safe. */
final class Operations {

  /** Rows per batch; a caller may have to wait for one of them until the batch ends. */
  private static final int BATCH = 500;

  private final Database database;
  private final Sql sql;
  private final Reads reads;
  private final String schema;

  Operations(Database database, Sql sql, Reads reads, String schema) {
    this.database = database;
    this.sql = sql;
    this.reads = reads;
    this.schema = schema;
  }

  Handshake contact(UUID node) {
    database.checkSchema();
    return database.write(
        connection -> {
          try (PreparedStatement statement = database.prepare(connection, sql.contact)) {
            database.bind(statement, null).uuid(node);
            try (ResultSet row = database.rows(statement)) {
              Reads.requireRow(row);
              if (Rows.flag(row, 5)) {
                throw new EngineFailureException(
                    FailureKind.MISCONFIGURED,
                    false,
                    "schema "
                        + schema
                        + " was restored from another cluster, and its transaction ids hide rows"
                        + " from the feed; call adopt_restored_rows() in the schema until it"
                        + " returns 0",
                    null);
              }
              long counter = Rows.number(row, 3);
              return new Handshake(
                  Rows.uuid(row, 1),
                  Rows.uuid(row, 2),
                  counter - 1,
                  counter,
                  Rows.requireTime(row, 4),
                  new DatabaseIdentity(
                      Rows.numberOrNull(row, 7),
                      Rows.number(row, 8),
                      Rows.string(row, 9),
                      Rows.countOrNull(row, 10)),
                  row.getString(6));
            }
          }
        });
  }

  UUID beginHistory(UUID ended, UUID next) {
    return database.write(
        connection -> {
          try (PreparedStatement statement = database.prepare(connection, sql.beginHistory)) {
            database.bind(statement, null).uuid(ended).uuid(next);
            try (ResultSet row = database.rows(statement)) {
              Reads.requireRow(row);
              return Rows.uuid(row, 1);
            }
          }
        });
  }

  List<PrimaryStore.Erasure> erasuresSince(Instant time) {
    return reads.query(
        null,
        sql.erasuresSince,
        in -> in.time(time),
        rows -> {
          List<PrimaryStore.Erasure> erasures = new ArrayList<>();
          while (rows.next()) {
            erasures.add(
                new PrimaryStore.Erasure(
                    Owner.of(Rows.string(rows, 1), Rows.string(rows, 2)),
                    Rows.uuid(rows, 3),
                    Rows.requireTime(rows, 4)));
          }
          return erasures;
        });
  }

  /** Each batch continues at the owner where the previous one ended. */
  long deleteMessagesBefore(Instant cutoff) {
    long all = 0;
    Blanked batch = new Blanked(0, "", 0);
    while (batch.nextTenant() != null) {
      Blanked before = batch;
      batch = database.write(connection -> blank(connection, cutoff, before));
      all += batch.messages();
    }
    return all;
  }

  /**
   * The result of a batch.
   *
   * @param nextTenant the tenant of the owner to continue with, null at the end
   */
  private record Blanked(long messages, @Nullable String nextTenant, long nextOwner) {}

  private Blanked blank(Connection connection, Instant cutoff, Blanked before) throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, sql.blankBefore)) {
      database
          .bind(statement, null)
          .text(database.lockTimeout())
          .time(cutoff)
          .count(BATCH)
          .text(before.nextTenant())
          .number(before.nextOwner());
      try (ResultSet row = database.rows(statement)) {
        Reads.requireRow(row);
        return new Blanked(Rows.number(row, 1), row.getString(2), Rows.numberOrZero(row, 3));
      }
    }
  }

  /** Uses the database's clock, like the times of the deletes. */
  long purgeDeleted(Duration age) {
    long all = 0;
    long batch;
    do {
      batch = database.write(connection -> purge(connection, age));
      all += batch;
    } while (batch > 0);
    return all;
  }

  private long purge(Connection connection, Duration age) throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, sql.purgeDeleted)) {
      database.bind(statement, null).number(age.toMillis()).count(BATCH);
      try (ResultSet row = database.rows(statement)) {
        Reads.requireRow(row);
        return Rows.number(row, 1);
      }
    }
  }

  /** Each batch reads the conversations after the end of the previous batch. */
  long archiveIdleBefore(Instant cutoff) {
    long all = 0;
    Archived batch = new Archived(0, "", 0);
    while (batch.nextTenant() != null) {
      Archived before = batch;
      batch = database.write(connection -> archive(connection, cutoff, before));
      all += batch.conversations();
    }
    return all;
  }

  /**
   * The result of a batch.
   *
   * @param nextTenant the tenant of the conversation to continue after, null at the end
   */
  private record Archived(long conversations, @Nullable String nextTenant, long next) {}

  private Archived archive(Connection connection, Instant cutoff, Archived before)
      throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, sql.archiveBefore)) {
      database
          .bind(statement, null)
          .time(cutoff)
          .count(BATCH)
          .text(before.nextTenant())
          .number(before.next());
      try (ResultSet row = database.rows(statement)) {
        Reads.requireRow(row);
        return new Archived(Rows.number(row, 1), row.getString(2), Rows.numberOrZero(row, 3));
      }
    }
  }

  StoreStatistics statistics(@Nullable String tenantId) {
    return reads.query(
        tenantId,
        sql.statistics,
        in -> in.text(tenantId).text(tenantId).text(tenantId).text(tenantId),
        row -> {
          Reads.requireRow(row);
          return new StoreStatistics(
              Rows.number(row, 1),
              Rows.number(row, 2),
              Rows.number(row, 3),
              Rows.number(row, 4),
              Rows.number(row, 5));
        });
  }

  List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return reads.query(
        tenantId,
        sql.activeUsers,
        in -> in.text(tenantId).time(since).count(limit),
        rows -> {
          List<ActiveUser> users = new ArrayList<>();
          while (rows.next()) {
            users.add(
                new ActiveUser(
                    Owner.of(tenantId, Rows.string(rows, 1)),
                    Rows.requireTime(rows, 2),
                    Rows.number(rows, 3)));
          }
          return users;
        });
  }

  List<TableSize> tableSizes() {
    return reads.query(
        null,
        sql.tableSizes,
        in -> in.text(schema),
        rows -> {
          List<TableSize> sizes = new ArrayList<>();
          while (rows.next()) {
            sizes.add(
                new TableSize(Rows.string(rows, 1), Rows.number(rows, 2), Rows.number(rows, 3)));
          }
          return sizes;
        });
  }
}
