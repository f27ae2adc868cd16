package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.FaultProxy.Mode;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Causes real faults of a real server and its network. Single-threaded. */
final class Faults {

  /** The fault of the database as the node sees it. */
  enum Kind {
    REFUSED,
    RESET,
    BLACK_HOLE,
    SIGSTOP,
    KILL,
    CUT_BEFORE_COMMIT,
    CUT_AFTER_COMMIT,
    READ_ONLY,
    TOO_MANY_CONNECTIONS,
    SLOW
  }

  private static final Duration CUT_LIMIT = Duration.ofSeconds(20);

  private final TestPostgres server;
  private final Testbed bed;
  private final ConversationStore direct;
  private final List<Connection> taken = new ArrayList<>();

  Faults(TestPostgres server, Testbed bed) {
    this.server = server;
    this.bed = bed;
    this.direct = bed.direct();
  }

  /** The database, bypassing the failing network. */
  ConversationStore direct() {
    return direct;
  }

  void begin(Kind kind, FaultCell.Operation operation) {
    boolean drain = operation == FaultCell.Operation.DRAIN;
    if (drain && hitsAtOnce(kind)) {
      // In the middle of sending: the batch has run, and its transaction is open.
      FaultProxy.Cut cut = bed.proxy().cutOn("append_plain", CutPoint.AFTER_REPLY);
      bed.comeBack();
      awaitCut(cut);
    }
    switch (kind) {
      case REFUSED -> bed.goDown();
      case RESET -> bed.proxy().setMode(Mode.RESET);
      case BLACK_HOLE -> bed.proxy().setMode(Mode.BLACK_HOLE);
      case SIGSTOP -> server.pause();
      case KILL -> server.kill();
      case CUT_BEFORE_COMMIT -> cut(operation, CutPoint.BEFORE_FORWARD);
      case CUT_AFTER_COMMIT -> cut(operation, CutPoint.AFTER_REPLY);
      case READ_ONLY -> server.setReadOnly(true);
      case TOO_MANY_CONNECTIONS -> {
        bed.proxy().dropConnections();
        takeAllConnections();
      }
      case SLOW -> bed.proxy().slow(Duration.ofMillis(20));
    }
    if (drain && !hitsAtOnce(kind) && kind != Kind.SLOW) {
      bed.comeBack();
    }
  }

  private static boolean hitsAtOnce(Kind kind) {
    return switch (kind) {
      case REFUSED, RESET, BLACK_HOLE, SIGSTOP, KILL -> true;
      default -> false;
    };
  }

  /** A single statement includes its commit; a batch ends with a COMMIT. */
  private void cut(FaultCell.Operation operation, CutPoint point) {
    switch (operation) {
      case DRAIN -> bed.proxy().cutOn(statement -> statement.sql().startsWith("COMMIT"), point);
      case READ, LIST, SEARCH, FEED -> bed.proxy().cutOn(statement -> true, point);
      default -> bed.cutWrite(point);
    }
  }

  private static void awaitCut(FaultProxy.Cut cut) {
    try {
      if (!cut.await(CUT_LIMIT)) {
        throw new AssertionError("nothing was sent that could be cut");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private void takeAllConnections() {
    try {
      while (taken.size() < 1_000) {
        taken.add(server.dataSource(bed.database()).getConnection());
      }
      throw new AssertionError("the server has no limit of connections");
    } catch (SQLException full) {
      if (!"53300".equals(full.getSQLState())) {
        throw new AssertionError("another error than too many connections", full);
      }
    }
  }

  void end(Kind kind) {
    switch (kind) {
      case SIGSTOP -> server.resume();
      case KILL -> {
        server.restart();
        // Its earlier connections are dead, and each reports that once.
        Testbed.await("the server answers", this::answersDirectly);
      }
      case READ_ONLY -> server.setReadOnly(false);
      case TOO_MANY_CONNECTIONS -> giveConnectionsBack();
      default -> bed.comeBack();
    }
  }

  private boolean answersDirectly() {
    try {
      direct.count(Owner.of("faults", "nobody"));
      return true;
    } catch (StoreUnavailableException notYet) {
      return false;
    }
  }

  private void giveConnectionsBack() {
    for (Connection connection : taken) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new AssertionError("a connection could not be closed", e);
      }
    }
    taken.clear();
  }
}
