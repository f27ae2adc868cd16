package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Selected cells of {@link HybridFaultsIT}: real faults of a real server, one operation each. */
class HybridFaultsTest {

  private static TestPostgres server;
  private static Testbed bed;
  private static ConversationStore node;
  private static Faults faults;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().setting("max_connections", "20").start();
    bed = new Testbed(server);
    node = bed.node("a");
    Testbed.awaitDrained(node);
    faults = new Faults(server, bed);
  }

  @AfterAll
  static void stop() {
    bed.close();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "REFUSED, APPEND",
    "REFUSED, FEED",
    "RESET, BATCH",
    "RESET, LIST",
    "BLACK_HOLE, DRAIN",
    "BLACK_HOLE, READ",
    "SIGSTOP, EDIT",
    "SIGSTOP, SEARCH",
    "KILL, DRAIN",
    "KILL, APPEND",
    "CUT_BEFORE_COMMIT, DELETE",
    "CUT_BEFORE_COMMIT, DRAIN",
    "CUT_AFTER_COMMIT, APPEND",
    "CUT_AFTER_COMMIT, DRAIN",
    "CUT_AFTER_COMMIT, ERASE",
    "READ_ONLY, EDIT",
    "READ_ONLY, FEED",
    "TOO_MANY_CONNECTIONS, BATCH",
    "TOO_MANY_CONNECTIONS, LIST",
    "SLOW, ERASE"
  })
  void row_1_4_whatIsAcknowledgedSurvives(Faults.Kind fault, FaultCell.Operation operation) {
    FaultTally tally = new FaultTally();
    new FaultCell(bed, node, faults, tally).run(fault, operation);
    assertThat(tally.findings()).isEmpty();
  }
}
