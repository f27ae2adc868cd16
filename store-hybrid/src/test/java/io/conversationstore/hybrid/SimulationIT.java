package io.conversationstore.hybrid;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Many more seeds than {@link SimulationTest}. */
class SimulationIT {

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  @Test
  void row_1_4_nothingIsLostDoubledReorderedOrBroughtBack() {
    Simulation.run(100_000);
  }
}
