package io.conversationstore.hybrid;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.hybrid.SimDatabase.Fate;
import io.conversationstore.spi.Settlement;
import io.conversationstore.testkit.ReferencePrimary;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** One simulation, from its plan to its verdict. */
final class SimRun {

  /**
   * The result.
   *
   * @param wrong each begins with its kind: lost, doubled, reordered, resurrected, diverged
   * @param texts of the messages in the database at the end, per conversation of the first owner
   *     present
   * @param dropped number of pending changes that a rule forbade
   * @param reached the scenarios that occurred
   */
  record Verdict(
      List<String> wrong,
      long hash,
      int steps,
      long acked,
      List<String> trace,
      Map<String, List<String>> texts,
      long dropped,
      Set<SimScenario> reached) {
    boolean isClean() {
      return wrong.isEmpty();
    }
  }

  private static final long MILLI = 1_000_000;

  /** Interval between the final checks whether everything was sent. */
  private static final long LOOK = 50 * MILLI;

  /** By then each node has reached the database. */
  private static final long CONTACT = 5_000 * MILLI;

  private final SimPlan plan;
  private final SimThreads threads;
  private final SimHistory history = new SimHistory();
  private final Clock time;
  private final SimDatabase database;
  private final List<SimNode> nodes = new ArrayList<>();
  private int clients;

  private SimRun(SimPlan plan) {
    this.plan = plan;
    this.threads = new SimThreads(plan.seed());
    this.time = new SimClock(threads);
    this.database =
        new SimDatabase(new ReferencePrimary(time), time, threads, history, plan.flaky());
  }

  /** Runs a plan. */
  static Verdict of(SimPlan plan) {
    SimRun run = new SimRun(plan);
    try {
      run.threads.run(run::drive);
    } catch (AssertionError e) {
      run.history.wrong.add("diverged: " + e);
    } finally {
      run.nodes.forEach(SimNode::crash);
    }
    return new Verdict(
        List.copyOf(run.history.wrong),
        run.history.hash(),
        run.threads.steps(),
        run.history.ops.stream().filter(SimHistory.Op::isAcknowledged).count(),
        run.history.trace(),
        run.texts(),
        run.history.ends.values().stream()
            .filter(end -> end.kind() == Settlement.Kind.DROPPED)
            .count(),
        SimScenario.of(plan, run.history));
  }

  private Map<String, List<String>> texts() {
    Owner owner = SimClient.OWNERS.get(0);
    Map<String, List<String>> texts = new HashMap<>();
    for (String id : SimClient.CONVERSATIONS) {
      if (database.model().find(owner, id).live() != null) {
        texts.put(
            id,
            database
                .model()
                .messages(owner, id, Direction.FORWARD, null, 1_000)
                .slice()
                .items()
                .stream()
                .map(message -> message.requireLive().text())
                .toList());
      }
    }
    return texts;
  }

  private void drive() {
    for (int i = 0; i < SimPlan.NODES; i++) {
      nodes.add(node(i));
    }
    for (SimNode node : nodes) {
      threads.spawn("start " + node.number(), null, node::start, 0);
      startClients(node);
    }
    for (SimStep step : plan.steps()) {
      if (step.kind().isFault()) {
        threads.sleep(Math.max(0, step.at() * MILLI - threads.now()));
        fault(step);
      }
    }
    while (clients > 0) {
      threads.sleep(50 * MILLI);
    }
    history.event(threads.now(), "all is well");
    new SimEnd(threads, history, database, nodes, LOOK, CONTACT).run();
  }

  private SimNode node(int number) {
    return new SimNode(number, plan, threads, history, database, time);
  }

  private void startClients(SimNode node) {
    for (int client = 0; client < 2; client++) {
      int which = client;
      List<SimStep> steps =
          plan.steps().stream()
              .filter(step -> !step.kind().isFault())
              .filter(step -> step.node() == node.number() && step.client() == which)
              .toList();
      clients++;
      threads.spawn(
          "client " + node.number() + "." + client,
          null,
          () -> {
            new SimClient(threads, history, node, steps).run();
            clients--;
          },
          0);
    }
  }

  private void fault(SimStep step) {
    history.event(threads.now(), step.toString());
    if (step.node() >= nodes.size()) {
      return; // the copy of a directory that was not copied: the plan was shortened
    }
    SimNode node = nodes.get(step.node());
    switch (step.kind()) {
      case CUT -> node.link().cut();
      case HEAL -> node.link().heal();
      case LOSE_REQUEST -> node.link().next(Fate.REQUEST_LOST);
      case LOSE_REPLY -> node.link().next(Fate.REPLY_LOST);
      case DELAY_REQUEST -> node.link().next(Fate.REQUEST_LATE);
      case BUSY -> node.link().next(Fate.BUSY);
      case HOLD_FEED -> {
        history.feedHeld = true;
        database.model().holdFeed();
      }
      case RELEASE_FEED -> {
        history.feedHeld = false;
        database.model().releaseFeed();
      }
      case BACKUP -> database.backUp();
      case RESTORE -> database.restore(new SplittableRandom(step.seed()), this::held);
      case DISK_FULL -> {
        history.hadDiskFull.add(step.node());
        node.diskFull(true);
      }
      case DISK_OK -> node.diskFull(false);
      case CRASH -> {
        node.crash();
        restartSoon(node);
      }
      case EVICT -> {
        node.evict(threads.random().nextBoolean());
        restartSoon(node);
      }
      case RELIMIT -> {
        node.resize(new SplittableRandom(step.seed()));
        restartSoon(node);
      }
      case UNCONFIGURE, CONFIGURE -> {
        node.configure(step.kind() == SimStep.Kind.CONFIGURE);
        restartSoon(node);
      }
      case CLONE -> {
        if (history.clone == null) {
          makeClone(node);
        }
      }
      default -> throw new IllegalStateException("not a fault: " + step);
    }
  }

  private Map<Integer, SimRestores.Held> held() {
    Map<Integer, SimRestores.Held> held = new HashMap<>();
    nodes.forEach(node -> held.put(node.number(), node.held()));
    return held;
  }

  private void makeClone(SimNode node) {
    SimNode clone = node(SimPlan.NODES);
    nodes.add(clone);
    node.cloneTo(clone);
    if (history.hadDiskFull.contains(node.number())) {
      history.hadDiskFull.add(clone.number());
    }
    restartSoon(node);
    restartSoon(clone);
    startClients(clone);
  }

  private void restartSoon(SimNode node) {
    long restart = threads.random().nextLong(400 * MILLI);
    threads.spawn("restart " + node.number(), null, () -> restart(node), restart);
  }

  private void restart(SimNode node) {
    // Two crashes may have requested it.
    if (node.isDead()) {
      node.start();
    }
  }
}
