package io.conversationstore.hybrid;

import io.conversationstore.hybrid.ScopeRun.Pace;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Longer histories than in {@link SmallScopesTest}: all of up to {@code -Dscopes.steps}, in up to
 * {@code -Dscopes.minutes} for each test, and longer random ones for a sixth of that time.
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
    SmallScopes.run(Pace.SETTLED, STEPS, STEPS, MINUTES);
  }

  @Test
  void row_1_4_noHistoryWhoseStepsComeAtOnceBreaksAPromise() {
    SmallScopes.run(Pace.AT_ONCE, STEPS, STEPS, MINUTES);
  }

  @Test
  void row_1_4_noHistoryOfMoreStepsAtRandomBreaksAPromise() {
    SmallScopes.sample(Pace.SETTLED, STEPS + 2, Math.max(1, MINUTES / 6));
    SmallScopes.sample(Pace.AT_ONCE, STEPS + 2, Math.max(1, MINUTES / 6));
  }
}
