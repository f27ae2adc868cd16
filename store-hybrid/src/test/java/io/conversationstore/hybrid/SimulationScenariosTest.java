package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.CopyLimits;
import io.conversationstore.hybrid.SimRun.Verdict;
import io.conversationstore.hybrid.SimStep.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * The scenarios of the random simulation, each alone. Node 0 and 1 write to the conversation {@code
 * default}; the clock of node 1 is an hour ahead. Each is run with several seeds, which differ in
 * durations.
 */
class SimulationScenariosTest {

  private static final int SEEDS = 10;

  private final List<SimStep> steps = new ArrayList<>();
  private List<CopyLimits> limits = Collections.nCopies(SimPlan.NODES, CopyLimits.NONE);

  @AfterAll
  static void stopListening() {
    Simulation.stopListening();
  }

  /** Adds a step; returns its number. */
  private int at(long millis, Kind kind, int node, int target) {
    int number = steps.size() + 1;
    // One of two clients, so that a step does not wait for the previous one.
    steps.add(new SimStep(number, millis, kind, node, number % 2, 0, 0, target, number));
    return number;
  }

  private int at(long millis, Kind kind, int node) {
    return at(millis, kind, node, 0);
  }

  private List<Verdict> run() {
    List<Verdict> verdicts = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      SimPlan plan =
          new SimPlan(
              seed,
              List.of(Duration.ZERO, Duration.ofHours(1), Duration.ofHours(-1)),
              Duration.ofMillis(100),
              3,
              4,
              limits,
              0,
              steps);
      Verdict verdict = Simulation.of(plan);
      assertThat(verdict.wrong()).as("seed %s: %s", seed, verdict.trace()).isEmpty();
      verdicts.add(verdict);
    }
    return verdicts;
  }

  /** The same; at least one run must reach the scenario counted by the random simulation. */
  private List<Verdict> run(SimScenario scenario) {
    List<Verdict> verdicts = run();
    assertThat(verdicts).anyMatch(verdict -> verdict.reached().contains(scenario));
    return verdicts;
  }

  private static List<String> chat(Verdict verdict) {
    return verdict.texts().getOrDefault("default", List.of("no conversation"));
  }

  private static String text(int step) {
    return SimClient.text(step) + ".0";
  }

  @Test
  void row_5_5_theSameIdCreatedOnTwoNodesOfflineIsOneConversation() {
    at(0, Kind.CUT, 0);
    at(0, Kind.CUT, 1);
    at(500, Kind.CREATE_IF_ABSENT, 0);
    at(500, Kind.CREATE_IF_ABSENT, 1);
    int a = at(5_000, Kind.APPEND, 0);
    int b = at(5_000, Kind.APPEND, 1);
    at(9_000, Kind.HEAL, 0);
    at(9_000, Kind.HEAL, 1);
    for (Verdict verdict : run(SimScenario.SAME_ID_ON_TWO_NODES)) {
      assertThat(chat(verdict)).contains(text(a), text(b));
      assertThat(verdict.dropped()).isZero();
    }
  }

  @Test
  void row_5_6_lateAppendsDoNotReachAConversationThatWasMadeAnew() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 1);
    at(13_000, Kind.APPEND, 1);
    at(18_000, Kind.DELETE, 0);
    at(24_000, Kind.CREATE_IF_ABSENT, 0);
    int kept = at(30_000, Kind.APPEND, 0);
    at(36_000, Kind.HEAL, 1);
    for (Verdict verdict : run(SimScenario.LATE_AFTER_MADE_ANEW)) {
      assertThat(chat(verdict)).first().isEqualTo(text(kept));
      assertThat(chat(verdict)).allMatch(text -> text.startsWith(SimClient.text(kept) + "."));
      assertThat(verdict.dropped()).isEqualTo(1);
    }
  }

  @Test
  void row_5_7_anErasureTakesWhatANodeWithAClockAheadWroteOffline() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 1);
    at(13_000, Kind.APPEND, 1);
    at(14_000, Kind.CREATE_IF_ABSENT, 1);
    at(18_000, Kind.ERASE, 0);
    at(24_000, Kind.CREATE_IF_ABSENT, 0);
    int kept = at(30_000, Kind.APPEND, 0);
    at(36_000, Kind.HEAL, 1);
    for (Verdict verdict : run(SimScenario.ERASED_WITH_CLOCK_AHEAD)) {
      assertThat(chat(verdict)).allMatch(text -> text.startsWith(SimClient.text(kept) + "."));
      assertThat(verdict.dropped()).isPositive();
    }
  }

  @Test
  void row_5_7_anErasureTakesWhatWasWrittenOfflineBehindAnotherOne() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 1);
    at(13_000, Kind.ERASE, 1);
    at(14_000, Kind.CREATE_IF_ABSENT, 1);
    at(15_000, Kind.APPEND, 1);
    at(18_000, Kind.ERASE, 0);
    at(36_000, Kind.HEAL, 1);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).containsExactly("no conversation");
      assertThat(verdict.dropped()).isPositive();
    }
  }

  @Test
  void row_5_7_anErasureWhoseAnswerWasLostLeavesTheCopyWhatCameAfterIt() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(12_000, Kind.LOSE_REPLY, 0);
    at(12_001, Kind.ERASE, 0);
    at(12_060, Kind.CREATE_IF_ABSENT, 1);
    int kept = at(12_090, Kind.APPEND, 1);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).contains(text(kept));
    }
  }

  @Test
  void row_5_3_anEditWhoseAnswerWasLostDoesNotUndoALaterOne() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    int message = at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.LOSE_REPLY, 1);
    at(12_001, Kind.EDIT, 1, message);
    int last = at(18_000, Kind.EDIT, 0, message);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).first().isEqualTo(SimClient.text(last));
    }
  }

  @Test
  void row_5_3_anEditByAnotherWhileTheAnswerIsLostIsNotUndoneByTheRetry() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    int message = at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.LOSE_REPLY, 1);
    at(12_001, Kind.EDIT, 1, message);
    at(12_100, Kind.EDIT, 0, message);
    run(SimScenario.CHANGED_BEFORE_THE_RETRY);
  }

  @Test
  void row_5_7_anErasureWhileTheAnswerIsLostIsNotOutlivedByTheRetry() {
    at(6_000, Kind.LOSE_REPLY, 1);
    at(6_001, Kind.CREATE_IF_ABSENT, 1);
    at(6_100, Kind.ERASE, 0);
    run();
  }

  @Test
  void row_5_3_anAppendWhoseAnswerWasLostDoesNotUndoADelete() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.LOSE_REPLY, 1);
    at(6_000, Kind.HOLD_FEED, 0);
    int message = at(6_001, Kind.APPEND, 1);
    at(6_008, Kind.CUT, 1);
    at(12_000, Kind.DELETE_MESSAGE, 0, message);
    at(18_000, Kind.HEAL, 1);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).as("%s", verdict.trace()).doesNotContain(text(message));
    }
  }

  @Test
  void row_1_2_aCursorThatIsHeldAcrossADrainSkipsNothing() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 0);
    for (int i = 0; i < 6; i++) {
      at(13_000 + 100L * i, Kind.APPEND, 0);
    }
    at(20_000, Kind.WALK, 0);
    at(20_200, Kind.HEAL, 0);
    at(20_300, Kind.APPEND, 2);
    for (Verdict verdict : run(SimScenario.CURSOR_ACROSS_A_DRAIN)) {
      assertThat(chat(verdict)).hasSizeGreaterThanOrEqualTo(7);
    }
  }

  @Test
  void row_5_4_aSaveThatIsCutOffIsWholeOrNotThere() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.LOSE_REPLY, 0);
    at(6_001, Kind.SAVE, 0);
    at(12_000, Kind.LOSE_REQUEST, 0);
    int last = at(12_001, Kind.SAVE, 0);
    at(12_002, Kind.CUT, 0);
    at(14_000, Kind.CRASH, 0);
    at(20_000, Kind.HEAL, 0);
    for (Verdict verdict : run(SimScenario.BULK_CUT_OFF)) {
      assertThat(chat(verdict)).contains(text(last));
      assertThat(verdict.texts().get("session-1")).contains(SimClient.text(last));
    }
  }

  @Test
  void row_1_4_whatIsParkedInTheMiddleOfABatchChangesNoOrder() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(10_000, Kind.CUT, 1);
    int first = at(12_000, Kind.APPEND, 0);
    int before = at(16_000, Kind.APPEND, 1);
    at(20_000, Kind.CLASH, 1, first);
    int after = at(24_000, Kind.APPEND, 1);
    at(30_000, Kind.HEAL, 1);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).containsSubsequence(text(first), text(before), text(after));
    }
  }

  @Test
  void row_1_5_whatWasPendingAtACrashIsSentByTheNextLife() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    at(6_000, Kind.CUT, 0);
    int pending = at(7_000, Kind.APPEND, 0);
    at(10_000, Kind.CRASH, 0);
    int later = at(16_000, Kind.APPEND, 0);
    at(20_000, Kind.HEAL, 0);
    for (Verdict verdict : run()) {
      assertThat(chat(verdict)).containsSubsequence(text(pending), text(later));
    }
  }

  @Test
  void row_1_4_whatWaitsInACopiedDirectoryIsStoredOnce() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    int sent = at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 0);
    int pending = at(13_000, Kind.APPEND, 0);
    at(18_000, Kind.CLONE, 0);
    // The copy reaches the database at once, the first one later.
    int ofFirst = at(22_000, Kind.APPEND, 0);
    int ofCopy = at(22_000, Kind.APPEND, SimPlan.NODES);
    at(28_000, Kind.HEAL, 0);
    for (Verdict verdict : run(SimScenario.CLONED_WITH_PENDING)) {
      assertThat(chat(verdict))
          .containsSubsequence(text(sent), text(pending), text(ofFirst))
          .containsSubsequence(text(sent), text(pending), text(ofCopy))
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void row_1_4_whatWaitsAboutAConversationThatTheCopyLostIsSent() {
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    int sent = at(6_000, Kind.APPEND, 0);
    at(12_000, Kind.CUT, 0);
    int pending = at(13_000, Kind.APPEND, 0);
    at(18_000, Kind.EVICT, 0);
    // Not known now, therefore refused.
    int refused = at(22_000, Kind.APPEND, 0);
    at(23_000, Kind.READ, 0);
    at(24_000, Kind.CREATE_IF_ABSENT, 0);
    int later = at(27_000, Kind.APPEND, 0);
    at(30_000, Kind.READ, 0);
    at(33_000, Kind.HEAL, 0);
    for (Verdict verdict : run(SimScenario.EVICTED_UNDER_THE_GATE)) {
      assertThat(chat(verdict))
          .containsSubsequence(text(sent), text(pending), text(later))
          .doesNotContain(text(refused));
    }
  }

  @Test
  void row_1_4_whatWaitsAboutAConversationThatGaveUpItsContentsIsSent() {
    limits =
        Collections.nCopies(SimPlan.NODES, CopyLimits.NONE.withActiveWithin(Duration.ofSeconds(2)));
    at(3_000, Kind.CREATE_IF_ABSENT, 0);
    int sent = at(6_000, Kind.APPEND, 0);
    at(18_000, Kind.CUT, 0);
    int pending = at(19_000, Kind.APPEND, 0);
    // Its message is unknown while offline, so it is refused; the retry brings it back.
    at(22_000, Kind.EDIT, 0, sent);
    at(23_000, Kind.RETRY, 0, sent);
    at(24_000, Kind.READ, 0);
    at(28_000, Kind.HEAL, 0);
    int later = at(34_000, Kind.APPEND, 1);
    at(37_000, Kind.READ, 0);
    for (Verdict verdict : run(SimScenario.USED_AFTER_EVICTION)) {
      assertThat(chat(verdict))
          .containsSubsequence(text(sent), text(pending), text(later))
          .doesNotHaveDuplicates();
    }
  }
}
