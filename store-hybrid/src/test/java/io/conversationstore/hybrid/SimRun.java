package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.SimDatabase.Fate;
import io.conversationstore.spi.Settlement;
import io.conversationstore.testkit.ReferencePrimary;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One simulation, from its plan to its verdict. */
final class SimRun {

  /**
   * What came of it.
   *
   * @param wrong each begins with what it is: lost, doubled, reordered, resurrected, diverged
   * @param texts of the messages in the database at the end, of each conversation of the first
   *     owner that is there
   * @param dropped how many pending changes a rule forbade
   * @param reached what has happened of what shall
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

  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final long MILLI = 1_000_000;
  private static final int LONGEST_END = 1_200;

  private final SimPlan plan;
  private final Path directory;
  private final SimThreads threads;
  private final SimHistory history = new SimHistory();
  private final Clock time;
  private final SimDatabase database;
  private final List<SimNode> nodes = new ArrayList<>();
  private int clients;

  private SimRun(SimPlan plan, Path directory) {
    this.plan = plan;
    this.directory = directory;
    this.threads = new SimThreads(plan.seed());
    this.time = new VirtualClock();
    this.database = new SimDatabase(new ReferencePrimary(time), threads, history, plan.flaky());
  }

  /** Runs a plan, in a directory of its own that is empty. */
  static Verdict of(SimPlan plan, Path directory) {
    SimRun run = new SimRun(plan, directory);
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

  private final class VirtualClock extends Clock {
    @Override
    public Instant instant() {
      return START.plusNanos(threads.now());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException("this clock is in UTC");
    }
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
    end();
  }

  private SimNode node(int number) {
    Path files = directory.resolve("n" + number);
    return new SimNode(number, plan, threads, history, database, files, time);
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
      return; // the copy of a directory that was not copied: the plan was made shorter
    }
    SimNode node = nodes.get(step.node());
    switch (step.kind()) {
      case CUT -> node.link().cut();
      case HEAL -> node.link().heal();
      case LOSE_REQUEST -> node.link().next(Fate.REQUEST_LOST);
      case LOSE_REPLY -> node.link().next(Fate.REPLY_LOST);
      case DELAY_REQUEST -> node.link().next(Fate.REQUEST_LATE);
      case BUSY -> node.link().next(Fate.BUSY);
      case HOLD_FEED -> database.model().holdFeed();
      case RELEASE_FEED -> database.model().releaseFeed();
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
      case CLONE -> {
        if (history.clone == null) {
          makeClone(node);
        }
      }
      default -> throw new IllegalStateException("not a fault: " + step);
    }
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
    // Two crashes may have asked for it.
    if (node.isDead()) {
      node.start();
    }
  }

  /** All is well again: everything is sent, and everybody hears of it. */
  private void end() {
    history.event(threads.now(), "all is well");
    database.calm();
    database.model().releaseFeed();
    for (SimNode node : nodes) {
      node.link().heal();
      node.link().next(Fate.ARRIVES);
      node.diskFull(false);
    }
    // What is still on its way arrives.
    threads.sleep(5_000 * MILLI);
    startClonesAnew();
    SimChecker checker = new SimChecker(history, database.model());
    awaitEnd(checker);
    if (!history.limited.isEmpty()) {
      nodes.stream().filter(SimNode::isLimited).forEach(SimNode::startWithoutLimits);
      awaitEnd(checker);
    }
    checker.check();
  }

  private void awaitEnd(SimChecker checker) {
    String left = left(checker);
    for (int tries = 0; left != null && tries < LONGEST_END; tries++) {
      threads.sleep(50 * MILLI);
      left = left(checker);
    }
    if (left != null) {
      history.wrong.add("diverged: " + left);
    }
  }

  /** Of two nodes of one id, one that makes another contact finds out. */
  private void startClonesAnew() {
    for (SimNode node : nodes) {
      if (history.isCloned(node.number())) {
        node.crash();
        node.start();
      }
    }
  }

  /** What is still to come; null if nothing is. */
  private String left(SimChecker checker) {
    for (SimNode node : nodes) {
      ConversationStore store = node.store();
      String name = "node " + node.number();
      if (store == null) {
        return name + " does not start";
      }
      StoreState state = store.state();
      if (state.mode() != StoreState.Mode.IN_USE || state.pending().changes() > 0) {
        return name + " has not sent everything: " + state;
      }
      if (state.mirror().dirty()) {
        return name + " has a copy that is not whole";
      }
      String difference =
          node.isLimited()
              ? checker.differenceWithin(node.files())
              : checker.difference(node.files());
      if (difference != null) {
        return name + " differs in " + difference;
      }
    }
    long ids = nodes.stream().map(node -> node.files().identity().node()).distinct().count();
    return ids < nodes.size() ? "two nodes have one id" : null;
  }
}
