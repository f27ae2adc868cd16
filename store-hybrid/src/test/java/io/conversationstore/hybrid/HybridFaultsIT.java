package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Every fault during every operation, in an order given by {@code -Dstore.seed}, repeatedly for
 * {@code -Dfaults.minutes} (once if that is 0). The last line reports the fate of all acknowledged
 * data.
 */
class HybridFaultsIT {

  private record Cell(Faults.Kind fault, FaultCell.Operation operation) {}

  @Test
  void row_1_4_nothingAcknowledgedIsLostDoubledReorderedOrBroughtBack() {
    Random random = new Random(Long.getLong("store.seed", 1));
    long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("faults.minutes", 0)).toNanos();
    List<Cell> cells = new ArrayList<>();
    for (Faults.Kind fault : Faults.Kind.values()) {
      for (FaultCell.Operation operation : FaultCell.Operation.values()) {
        cells.add(new Cell(fault, operation));
      }
    }
    FaultTally tally = new FaultTally();
    try (TestPostgres server = TestPostgres.builder().setting("max_connections", "20").start();
        Testbed bed = new Testbed(server)) {
      ConversationStore node = bed.node("a");
      Testbed.awaitDrained(node);
      Faults faults = new Faults(server, bed);
      do {
        Collections.shuffle(cells, random);
        for (Cell cell : cells) {
          run(new FaultCell(bed, node, faults, tally), cell);
        }
      } while (System.nanoTime() - end < 0);
    }
    System.out.println(tally);
    assertThat(tally.findings()).isEmpty();
  }

  private static void run(FaultCell run, Cell cell) {
    try {
      run.run(cell.fault(), cell.operation());
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(cell + " failed: " + e.getMessage(), e);
    }
  }
}
