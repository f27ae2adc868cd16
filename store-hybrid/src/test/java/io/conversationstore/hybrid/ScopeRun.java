package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.hybrid.ScopeStep.Action;
import io.conversationstore.hybrid.SimDatabase.Fate;
import io.conversationstore.hybrid.SimStep.Kind;
import io.conversationstore.testkit.ReferencePrimary;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One history of a small scope, from its start to its verdict. Calls take no time, and nothing is
 * random: only the steps decide.
 */
final class ScopeRun {

  /** The activity between two steps. */
  enum Pace {
    /** Pumps run until they have no work left, and each node reads the conversation. */
    SETTLED,
    /** None; the step after a lost reply happens before the caller learns of the loss. */
    AT_ONCE
  }

  /**
   * The result.
   *
   * @param wrong each begins with its kind, as those of a simulation
   * @param hasEffect whether the last step changed anything
   * @param state the resulting state before recovery; empty if pumps did not run
   */
  record Verdict(List<String> wrong, boolean hasEffect, String state, List<String> trace) {}

  private static final long SECOND = 1_000_000_000;
  private static final long MICRO = 1_000;

  /** Longer than the maximum clock deviation of nodes; each pump has run by then. */
  private static final long SETTLING = 4_500_000_000L;

  private static final Duration MIRROR_INTERVAL = Duration.ofSeconds(4);
  private static final int READS = 1_000;

  private final List<ScopeStep> steps;
  private final Pace pace;
  private final SimThreads threads = new SimThreads(1, true);
  private final SimHistory history = new SimHistory();
  private final SimPlan plan;
  private final Clock time = new SimClock(threads);
  private final SimDatabase database =
      new SimDatabase(new ReferencePrimary(time), time, threads, history, 0);
  private final SimNode[] nodes = new SimNode[2];
  private final boolean[] isCutByNext = new boolean[2];
  private int nodeNumbers = 2;
  private int reads;
  private String state = "";
  private int taken;
  private int calls;
  private int target;
  private boolean hasEffect;

  private ScopeRun(List<ScopeStep> steps, Pace pace) {
    this.steps = List.copyOf(steps);
    this.pace = pace;
    this.plan =
        new SimPlan(
            1,
            Collections.nCopies(SimPlan.NODES, Duration.ZERO),
            MIRROR_INTERVAL,
            4,
            8,
            Collections.nCopies(SimPlan.NODES, CopyLimits.NONE),
            0,
            List.of());
  }

  /** Runs a history. */
  static Verdict of(List<ScopeStep> steps, Pace pace) {
    ScopeRun run = new ScopeRun(steps, pace);
    try {
      run.threads.run(run::drive);
    } catch (AssertionError e) {
      run.history.wrong.add("diverged: " + e);
    } finally {
      for (SimNode node : run.nodes) {
        if (node != null) {
          node.crash();
        }
      }
    }
    return new Verdict(
        List.copyOf(run.history.wrong), run.hasEffect, run.state, run.history.trace());
  }

  private void drive() {
    for (int slot = 0; slot < nodes.length; slot++) {
      nodes[slot] = node(slot);
      nodes[slot].start();
    }
    pause();
    while (taken < steps.size()) {
      take();
      pause();
    }
    if (pace == Pace.SETTLED) {
      state = ScopeState.of(history, database.model(), List.of(nodes)) + " #" + aim();
    }
    new SimEnd(threads, history, database, List.of(nodes), SECOND, SETTLING).run();
    readAll();
  }

  /** The step after one whose reply is lost, run while that one waits for it. */
  private void meanwhile() {
    if (pace == Pace.AT_ONCE
        && calls == 1
        && taken < steps.size()
        && steps.get(taken).action().isCall()) {
      Object mark = threads.mark();
      take();
      threads.mark(1, mark);
    }
  }

  private SimNode node(int number) {
    return new SimNode(number, plan, threads, history, database, time);
  }

  private void pause() {
    if (pace == Pace.SETTLED) {
      threads.sleep(SETTLING);
      readAll();
    } else {
      threads.sleep(MICRO);
    }
  }

  private void readAll() {
    for (SimNode node : nodes) {
      call(step(READS + reads++, Kind.READ, node, 0), node);
    }
  }

  private void take() {
    ScopeStep step = steps.get(taken++);
    int number = taken;
    int slot = step.node();
    SimNode node = nodes[slot];
    Action action = step.action();
    history.event(threads.now(), "step " + number + " " + step);
    if (action.isCall()) {
      int before = effects();
      call(step(number, action.kind(), node, target), node);
      hasEffect = effects() > before;
      if (action.writesMessages()) {
        target = number;
      }
      if (isCutByNext[slot]) {
        // Also if the call did not need the database.
        isCutByNext[slot] = false;
        node.link().next(Fate.ARRIVES);
        node.link().cut();
      }
      return;
    }
    hasEffect = true;
    switch (action) {
      case CUT -> node.link().cut();
      case HEAL -> node.link().heal();
      case LOSE_REPLY -> {
        isCutByNext[slot] = true;
        node.link().next(Fate.CUT_BEFORE_REPLY);
        node.link().meanwhile(this::meanwhile);
      }
      case RESTART -> {
        node.crash();
        node.start();
      }
      case EVICT -> {
        node.evict(false);
        node.start();
      }
      case FRESH -> {
        SimNode fresh = successor(slot);
        node.discard();
        fresh.start();
      }
      case CLONE -> {
        SimNode other = nodes[1 - slot];
        SimNode clone = successor(slot);
        node.discard();
        other.cloneTo(clone);
        other.start();
        clone.start();
      }
      default -> throw new IllegalStateException("not known: " + step);
    }
  }

  /** A new node in the place of one that ends; its network stays as it was. */
  private SimNode successor(int slot) {
    SimNode successor = node(nodeNumbers++);
    if (nodes[slot].link().isDown()) {
      successor.link().cut();
    }
    isCutByNext[slot] = false;
    nodes[slot] = successor;
    return successor;
  }

  private SimStep step(int number, Kind kind, SimNode node, int aim) {
    return new SimStep(number, 0, kind, node.number(), 0, 0, 0, aim, number);
  }

  private void call(SimStep step, SimNode node) {
    calls++;
    new SimClient(threads, history, node, List.of(step)).run();
    calls--;
  }

  /** The number of messages written before the one that edits target. */
  private long aim() {
    return history.ops.stream()
        .filter(op -> op.step.number() < target)
        .mapToLong(op -> op.messages.size())
        .sum();
  }

  /** The number of changes in the database or in a queue. */
  private int effects() {
    return (int) history.commits.stream().filter(SimHistory.Commit::changed).count()
        + history.queued.size()
        + history.ends.size();
  }

  /** A history with its failures and all its events. */
  static List<String> report(List<ScopeStep> steps, Verdict verdict) {
    List<String> lines = new ArrayList<>();
    lines.add(text(steps));
    verdict.wrong().forEach(wrong -> lines.add("  " + wrong));
    verdict.trace().forEach(event -> lines.add("    " + event));
    return lines;
  }

  static String text(List<ScopeStep> steps) {
    return String.join(" ", steps.stream().map(ScopeStep::toString).toList());
  }
}
