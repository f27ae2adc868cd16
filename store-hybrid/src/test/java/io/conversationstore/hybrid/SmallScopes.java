package io.conversationstore.hybrid;

import io.conversationstore.hybrid.ScopeRun.Pace;
import io.conversationstore.hybrid.ScopeRun.Verdict;
import io.conversationstore.hybrid.ScopeStep.Action;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All histories of a few steps by two nodes on one conversation. {@code -Dscopes.history="A:cut
 * A:append"} repeats one of them.
 *
 * <p>Histories equivalent to others are omitted:
 *
 * <ul>
 *   <li>those with A and B exchanged: the first step is A's;
 *   <li>those that continue after a step without effect: that step can be omitted;
 *   <li>those that differ in the order of two independent steps: A's comes first;
 *   <li>those that end with a step that makes no difference after the final recovery;
 *   <li>cuts of a node that does nothing until recovery, and lost replies to later calls;
 *   <li>from five steps on, where pumps run between them, those that continue from a state of the
 *       database, the files and the network that another history of the same length reached;
 *   <li>"create" without a lost reply: it does what "create-if-absent" does, or nothing.
 * </ul>
 */
final class SmallScopes {

  private static final Set<Action> NEW_COPIES =
      EnumSet.of(Action.EVICT, Action.FRESH, Action.CLONE);
  private static final Set<Action> FIRST =
      EnumSet.of(
          Action.CREATE_IF_ABSENT,
          Action.GROW,
          Action.SAVE,
          Action.ERASE,
          Action.CUT,
          Action.LOSE_REPLY);
  private static final Set<Action> RESTARTS =
      EnumSet.of(Action.RESTART, Action.EVICT, Action.FRESH, Action.CLONE);

  /** Up to this many steps all are run; of longer ones, one per state they continue from. */
  private static final int ALL = 4;

  private static final int MOST_REPORTED = 400;

  private final Pace pace;
  private final int depth;
  private final int growDepth;
  private final long end;
  private final AtomicLong histories = new AtomicLong();
  private final Map<String, Failure> failures = new ConcurrentHashMap<>();
  private final Map<String, Integer> kinds = new TreeMap<>();

  /** Histories with the same failure: their number, and the shortest. */
  private record Failure(long times, List<ScopeStep> shortest, String wrong) {
    Failure and(Failure other) {
      Failure shorter = ORDER.compare(this, other) <= 0 ? this : other;
      return new Failure(times + other.times, shorter.shortest, shorter.wrong);
    }

    private static final Comparator<Failure> ORDER =
        Comparator.<Failure>comparingInt(failure -> failure.shortest.size())
            .thenComparing(failure -> ScopeRun.text(failure.shortest));
  }

  private SmallScopes(Pace pace, int depth, int growDepth, long end) {
    this.pace = pace;
    this.depth = depth;
    this.growDepth = growDepth;
    this.end = end;
  }

  /**
   * Runs all histories, shorter ones first, and fails with the shortest of each kind of failure; or
   * runs the one that {@code -Dscopes.history} names.
   *
   * @param depth number of steps of the longest
   * @param growDepth the same of those with an append that creates its conversation
   * @param minutes time limit; histories not run by then are reported
   */
  static void run(Pace pace, int depth, int growDepth, long minutes) {
    Simulation.listenForErrors();
    String only = System.getProperty("scopes.history");
    if (only != null) {
      repeat(ScopeStep.parse(only), pace);
      return;
    }
    SmallScopes scopes =
        new SmallScopes(pace, depth, growDepth, System.nanoTime() + minutes * 60_000_000_000L);
    scopes.runAll();
  }

  /**
   * Runs random histories, and fails with the shortest of each kind of failure.
   *
   * @param steps number of steps of each, or a few less
   * @param minutes how long
   */
  static void sample(Pace pace, int steps, long minutes) {
    Simulation.listenForErrors();
    SmallScopes scopes =
        new SmallScopes(pace, steps, steps, System.nanoTime() + minutes * 60_000_000_000L);
    Simulation.onAllProcessors(scopes::sample);
    scopes.printRuns(steps);
  }

  private void sample() {
    SplittableRandom random = new SplittableRandom(System.nanoTime());
    while (!isLate()) {
      List<ScopeStep> steps = new ArrayList<>();
      List<ScopeStep> possible = following(steps);
      while (steps.size() < depth && !possible.isEmpty()) {
        steps.add(possible.get(random.nextInt(possible.size())));
        possible = following(steps);
      }
      if (new Prefix(steps).isComplete()) {
        run(steps, new ArrayList<>());
      }
    }
  }

  private static List<ScopeStep> following(List<ScopeStep> steps) {
    List<ScopeStep> following = new ArrayList<>();
    Prefix before = new Prefix(steps);
    for (int node = 0; node < 2; node++) {
      for (Action action : Action.values()) {
        ScopeStep step = new ScopeStep(node, action);
        if (before.allows(step)) {
          following.add(step);
        }
      }
    }
    return following;
  }

  private static void repeat(List<ScopeStep> steps, Pace pace) {
    Verdict verdict = one(steps, pace);
    if (!verdict.wrong().isEmpty()) {
      throw new AssertionError(String.join("\n", ScopeRun.report(steps, verdict)));
    }
  }

  static Verdict one(List<ScopeStep> steps, Pace pace) {
    return ScopeRun.of(steps, pace);
  }

  private void runAll() {
    List<List<ScopeStep>> level = List.of(List.of());
    int complete = 0;
    for (int length = 1; length <= depth; length++) {
      List<List<ScopeStep>> next = extended(level);
      level = inParallel(next);
      if (isLate()) {
        break;
      }
      complete = length;
      System.out.println(
          "SCOPES "
              + pace
              + " steps="
              + length
              + " histories="
              + histories
              + " of them to go on with="
              + level.size());
    }
    printRuns(complete);
    if (complete < depth) {
      throw new AssertionError("only histories of " + complete + " steps could be run in time");
    }
  }

  /** Prints the number of runs, and fails if one of them failed. */
  private void printRuns(int steps) {
    StringBuilder line = new StringBuilder("SCOPES ").append(pace);
    line.append(" steps=").append(steps).append(" histories=").append(histories);
    Simulation.KINDS.forEach(
        kind -> line.append(' ').append(kind).append('=').append(kinds.getOrDefault(kind, 0)));
    System.out.println(line);
    if (!failures.isEmpty()) {
      throw new AssertionError(line + "\n" + report());
    }
  }

  private String report() {
    return failures.values().stream()
        .sorted(Failure.ORDER)
        .limit(MOST_REPORTED)
        .map(
            failure ->
                "-Dscopes.history=\""
                    + ScopeRun.text(failure.shortest)
                    + "\" (and "
                    + (failure.times - 1)
                    + " more): "
                    + failure.wrong)
        .collect(Collectors.joining("\n"));
  }

  private boolean isLate() {
    return System.nanoTime() > end;
  }

  /** Runs histories on all processors; returns those worth continuing. */
  private List<List<ScopeStep>> inParallel(List<List<ScopeStep>> all) {
    AtomicInteger next = new AtomicInteger();
    Collection<Led> goOn = new ConcurrentLinkedQueue<>();
    Simulation.onAllProcessors(
        () -> {
          for (int i = next.getAndIncrement(); i < all.size(); i = next.getAndIncrement()) {
            if (isLate()) {
              return;
            }
            List<ScopeStep> steps = all.get(i);
            if (!new Prefix(steps).isComplete()) {
              goOn.add(new Led(steps, ""));
            } else {
              run(steps, goOn);
            }
          }
        });
    Set<String> states = new HashSet<>();
    return goOn.stream()
        .sorted(Comparator.comparing(led -> ScopeRun.text(led.steps)))
        .filter(led -> led.state.isEmpty() || states.add(led.state))
        .map(Led::steps)
        .toList();
  }

  /**
   * A history worth continuing.
   *
   * @param state the state it reached; empty if not determined
   */
  private record Led(List<ScopeStep> steps, String state) {}

  private void run(List<ScopeStep> steps, Collection<Led> goOn) {
    Verdict verdict = one(steps, pace);
    histories.incrementAndGet();
    if (verdict.wrong().isEmpty()) {
      if (verdict.hasEffect()) {
        boolean looked = steps.size() >= ALL && !verdict.state().isEmpty();
        goOn.add(new Led(steps, looked ? verdict.state() + new Prefix(steps).state() : ""));
      }
      return;
    }
    synchronized (kinds) {
      verdict.wrong().stream()
          .map(Simulation::kind)
          .distinct()
          .forEach(kind -> kinds.merge(kind, 1, Integer::sum));
    }
    String first = verdict.wrong().get(0);
    Failure failure = new Failure(1, steps, first);
    if (failures.merge(signature(first, steps), failure, Failure::and).times == 1) {
      System.out.println("SCOPES " + pace + " found " + ScopeRun.text(steps) + ": " + first);
    }
  }

  /** The failure without the names involved. */
  private static String signature(String wrong, List<ScopeStep> steps) {
    ScopeStep last = steps.get(steps.size() - 1);
    return wrong.replaceAll("[0-9]+", "#").replaceAll("(?s)( differs in | has not sent ).*", "$1")
        + last.action();
  }

  /** All histories with one more step. */
  private List<List<ScopeStep>> extended(List<List<ScopeStep>> level) {
    List<List<ScopeStep>> longer = new ArrayList<>();
    for (List<ScopeStep> steps : level) {
      for (ScopeStep step : following(steps)) {
        List<ScopeStep> one = new ArrayList<>(steps);
        one.add(step);
        if (one.size() > growDepth && one.stream().anyMatch(each -> each.action() == Action.GROW)) {
          continue;
        }
        if (one.size() < depth || new Prefix(one).isComplete()) {
          longer.add(one);
        }
      }
    }
    return longer;
  }

  /** Knowledge about a sequence of steps without running it. */
  private static final class Prefix {
    private final boolean[] isDown = new boolean[2];
    private final boolean[] hasCalled = new boolean[2];

    /** Whether a node's network was cut and the node has done nothing since. */
    private final boolean[] isCutInVain = new boolean[2];

    private final List<ScopeStep> steps;
    private boolean losesReply;
    private boolean hasMessages;
    private boolean isCloned;

    Prefix(List<ScopeStep> steps) {
      this.steps = steps;
      steps.forEach(this::take);
    }

    private void take(ScopeStep step) {
      int node = step.node();
      isCutInVain[node] = false;
      switch (step.action()) {
        case CUT -> {
          isDown[node] = true;
          isCutInVain[node] = true;
        }
        case HEAL -> isDown[node] = false;
        case LOSE_REPLY -> losesReply = true;
        case RESTART, EVICT, FRESH -> {}
        case CLONE -> isCloned = true;
        default -> {
          hasCalled[node] = true;
          hasMessages |= step.action().writesMessages();
          isDown[node] |= losesReply;
          losesReply = false;
        }
      }
    }

    /** Whether the last step can affect the state after recovery. */
    boolean isComplete() {
      ScopeStep last = steps.get(steps.size() - 1);
      boolean isInVain =
          switch (last.action()) {
            case CUT, HEAL, LOSE_REPLY -> true;
            // Nothing is pending, and the copy equals the database.
            case RESTART, EVICT, FRESH -> !isDown[last.node()];
            default -> false;
          };
      return !isInVain && !isCutInVain[0] && !isCutInVain[1];
    }

    /** The state that determines which steps may follow. */
    String state() {
      return " after "
          + steps.get(steps.size() - 1)
          + Arrays.toString(isDown)
          + Arrays.toString(hasCalled)
          + Arrays.toString(isCutInVain)
          + isRestarted(0)
          + isRestarted(1)
          + hasMessages
          + isCloned;
    }

    private boolean isRestarted(int node) {
      Action last = lastOf(node);
      return last != null && RESTARTS.contains(last);
    }

    boolean allows(ScopeStep step) {
      return isOfUse(step) && isInOrder(step);
    }

    /** Whether a step can have an effect that no other step has. */
    private boolean isOfUse(ScopeStep step) {
      int node = step.node();
      if (steps.isEmpty()) {
        return node == 0 && FIRST.contains(step.action());
      }
      ScopeStep last = steps.get(steps.size() - 1);
      if (losesReply) {
        return node == last.node()
            && step.action().isCall()
            && (hasMessages || !step.action().isAimed());
      }
      boolean isRestarted = isRestarted(node);
      return switch (step.action()) {
        case CUT -> !isDown[node];
        case HEAL -> isDown[node] && !isCutInVain[node];
        case LOSE_REPLY -> !isDown[node];
        case RESTART -> hasCalled[node] && !isRestarted;
        case EVICT, FRESH -> isUsed() && !isRestarted;
        case CLONE -> !isCloned && isUsed() && !isRestarted;
        case EDIT, DELETE_MESSAGE -> hasMessages;
        // Unless its reply is lost, it does what "if absent" does, or is refused.
        case CREATE -> false;
        default -> true;
      };
    }

    private boolean isUsed() {
      return hasCalled[0] || hasCalled[1];
    }

    private @Nullable Action lastOf(int node) {
      for (int i = steps.size() - 1; i >= 0; i--) {
        if (steps.get(i).node() == node) {
          return steps.get(i).action();
        }
      }
      return null;
    }

    /**
     * Whether a step would not sort before its predecessor: a call that reaches the database
     * precedes one that cannot know of it, and that must then respect it.
     */
    private boolean isInOrder(ScopeStep step) {
      if (steps.isEmpty()) {
        return true;
      }
      ScopeStep last = steps.get(steps.size() - 1);
      Prefix before = new Prefix(steps.subList(0, steps.size() - 1));
      return step.node() == last.node()
          || before.losesReply
          || !before.areIndependent(last, step)
          || before.place(last) < before.place(step);
    }

    private int place(ScopeStep step) {
      return (isDown[step.node()] ? 2 : 0) + step.node();
    }

    private boolean areIndependent(ScopeStep one, ScopeStep other) {
      boolean isOneCall = one.action().isCall();
      boolean isOtherCall = other.action().isCall();
      if (NEW_COPIES.contains(one.action()) || NEW_COPIES.contains(other.action())) {
        return false;
      } else if (!isOneCall && !isOtherCall) {
        return one.action() != Action.HEAL || other.action() != Action.HEAL;
      } else if (isOneCall && isOtherCall) {
        // The later of two edits wins, and edits target the last message.
        boolean bothWrite = one.action().writesMessages() && other.action().writesMessages();
        boolean oneWrites = one.action().writesMessages() || other.action().writesMessages();
        boolean oneAims = one.action().isAimed() || other.action().isAimed();
        boolean bothEdit = one.action() == Action.EDIT && other.action() == Action.EDIT;
        return (isDown[one.node()] || isDown[other.node()])
            && !bothWrite
            && !(oneWrites && oneAims)
            && !bothEdit;
      }
      return isDown[isOneCall ? one.node() : other.node()];
    }
  }
}
