package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.hybrid.SimRun.Verdict;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Three nodes and a model of the database, with all kinds of faults between them, in simulated
 * time. {@code -Dsimulation.seed} repeats one seed, {@code -Dsimulation.seeds} runs more of them. A
 * third of the default seeds are new each day.
 */
class SimulationTest {

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  @Test
  void row_1_4_nothingIsLostDoubledReorderedOrBroughtBack() {
    Simulation.run(3_000);
  }

  @Test
  void row_1_4_seedsThatHaveFailedBeforeDoNotFailAgain() {
    Simulation.runFailedBefore();
  }

  @Test
  void aSeedGivesOneHistory() {
    for (long seed = 1; seed <= 5; seed++) {
      Verdict first = Simulation.of(SimPlan.of(seed));
      Verdict second = Simulation.of(SimPlan.of(seed));
      assertThat(second.trace()).isEqualTo(first.trace());
      assertThat(second.hash()).isEqualTo(first.hash());
      assertThat(first.acked()).isPositive();
    }
  }
}
