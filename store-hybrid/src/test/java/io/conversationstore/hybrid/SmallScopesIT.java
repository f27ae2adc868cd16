package io.conversationstore.hybrid;

import io.conversationstore.hybrid.ScopeRun.Pace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Longer histories than {@link SmallScopesTest} runs: up to {@code -Dscopes.steps}, in up to {@code
 * -Dscopes.minutes} for each test.
 */
class SmallScopesIT {

  private static final int STEPS = Integer.getInteger("scopes.steps", 6);
  private static final long MINUTES = Long.getLong("scopes.minutes", 30);

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  @Test
  void row_1_4_noHistoryThatSettlesAfterEachStepBreaksAPromise() {
    SmallScopes.run(Pace.SETTLED, STEPS, MINUTES);
  }

  @Test
  void row_1_4_noHistoryWhoseStepsComeAtOnceBreaksAPromise() {
    SmallScopes.run(Pace.AT_ONCE, STEPS, MINUTES);
  }
}
