package io.conversationstore.hybrid;

import io.conversationstore.hybrid.ScopeRun.Pace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Every history of up to four steps by two nodes on one conversation; those with an append that
 * creates its conversation of up to three, since they would take as long as all others. {@code
 * -Dscopes.history="A:cut B:save A:create-if-absent A:delete"} repeats one of them.
 */
class SmallScopesTest {

  private static final int STEPS = 4;
  private static final int STEPS_THAT_GROW = 3;
  private static final int MINUTES = 30;

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  @Test
  void row_1_4_noShortHistoryThatSettlesAfterEachStepBreaksAPromise() {
    SmallScopes.run(Pace.SETTLED, STEPS, STEPS_THAT_GROW, MINUTES);
  }

  @Test
  void row_1_4_noShortHistoryWhoseStepsComeAtOnceBreaksAPromise() {
    SmallScopes.run(Pace.AT_ONCE, STEPS, STEPS_THAT_GROW, MINUTES);
  }
}
