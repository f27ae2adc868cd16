package io.conversationstore.hybrid;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Many more seeds than {@link SimulationTest}: {@code -Dsimulation.seeds} from {@code
 * -Dsimulation.first} on, or for {@code -Dsimulation.minutes}. It continues after failures, and
 * reports them at the end.
 */
class SimulationIT {

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  @Test
  void row_1_4_nothingIsLostDoubledReorderedOrBroughtBack() {
    Simulation.runLong(100_000);
  }
}
