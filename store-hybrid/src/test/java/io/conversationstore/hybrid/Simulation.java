package io.conversationstore.hybrid;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.conversationstore.hybrid.SimRun.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * Runs simulations by their seeds: {@code -Dsimulation.seed} the one, or {@code -Dsimulation.seeds}
 * as many, from {@code -Dsimulation.first} on. The first that goes wrong is made as short as it
 * gets, unless {@code -Dsimulation.shorten=false}, and told.
 */
final class Simulation {

  /** What may go wrong. */
  static final List<String> KINDS =
      List.of("lost", "doubled", "reordered", "resurrected", "diverged");

  private static final int MOST_REPETITIONS = 120;

  static {
    // Two threads that were the first to ask would be given something that is not ready.
    LoggerFactory.getILoggerFactory();
  }

  private final AtomicLong next;
  private final AtomicLong ran = new AtomicLong();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong acked = new AtomicLong();
  private final Map<String, Integer> counts = new TreeMap<>();
  private final Map<SimScenario, Integer> reached = new EnumMap<>(SimScenario.class);
  private final List<SimPlan> failed = new ArrayList<>();
  private final long last;

  private Simulation(long first, long seeds) {
    this.next = new AtomicLong(first);
    this.last = first + seeds - 1;
  }

  /** Runs seeds on all processors, and fails if one goes wrong. */
  static void run(long standard) {
    Long only = Long.getLong("simulation.seed");
    if (only != null) {
      Verdict verdict = of(SimPlan.of(only));
      if (!verdict.isClean()) {
        throw new AssertionError(told(SimPlan.of(only), verdict));
      }
      return;
    }
    long seeds = Long.getLong("simulation.seeds", standard);
    new Simulation(Long.getLong("simulation.first", 1), seeds).runAll();
  }

  private void runAll() {
    onAllProcessors("simulation", this::work);
    StringBuilder line = new StringBuilder("SIMULATION");
    line.append(" seeds=").append(ran).append(" steps=").append(steps);
    line.append(" acked=").append(acked);
    KINDS.forEach(
        kind -> line.append(' ').append(kind).append('=').append(counts.getOrDefault(kind, 0)));
    System.out.println(line);
    System.out.println(scenarios());
    if (!failed.isEmpty()) {
      boolean shorten = Boolean.parseBoolean(System.getProperty("simulation.shorten", "true"));
      SimPlan shortest = shorten ? shortened(failed.get(0)) : failed.get(0);
      throw new AssertionError(told(shortest, of(shortest)));
    }
    List<SimScenario> rare =
        Arrays.stream(SimScenario.values())
            .filter(
                scenario -> times(scenario) < scenario.least() * (ran.get() / SimScenario.SEEDS))
            .toList();
    if (!rare.isEmpty()) {
      throw new AssertionError("happened too seldom: " + rare + "; " + scenarios());
    }
  }

  /** Does the same in as many threads as there are processors. */
  static void onAllProcessors(String name, Runnable work) {
    List<Thread> workers = new ArrayList<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread worker = new Thread(work, name + "-" + i);
      worker.setUncaughtExceptionHandler((thread, e) -> failure.compareAndSet(null, e));
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }
    if (failure.get() != null) {
      throw new AssertionError("a worker has failed", failure.get());
    }
  }

  private int times(SimScenario scenario) {
    return reached.getOrDefault(scenario, 0);
  }

  /** In how many seeds each has happened. */
  private String scenarios() {
    return Arrays.stream(SimScenario.values())
        .map(scenario -> scenario.name().toLowerCase(Locale.ROOT) + "=" + times(scenario))
        .collect(Collectors.joining(" ", "SCENARIOS ", ""));
  }

  private void work() {
    for (long seed = next.getAndIncrement(); seed <= last; seed = next.getAndIncrement()) {
      SimPlan plan = SimPlan.of(seed);
      Verdict verdict = of(plan);
      ran.incrementAndGet();
      steps.addAndGet(verdict.steps());
      acked.addAndGet(verdict.acked());
      synchronized (reached) {
        verdict.reached().forEach(scenario -> reached.merge(scenario, 1, Integer::sum));
      }
      if (!verdict.isClean()) {
        next.set(last + 1);
        synchronized (counts) {
          verdict.wrong().forEach(wrong -> counts.merge(kind(wrong), 1, Integer::sum));
          failed.add(plan);
        }
      }
    }
  }

  /** What has gone wrong, in one word. */
  static String kind(String wrong) {
    return wrong.substring(0, wrong.indexOf(':'));
  }

  /** Runs a plan; errors that a store logs count as failures. */
  static Verdict of(SimPlan plan) {
    listenForErrors();
    return SimRun.of(plan);
  }

  /** Leaves out runs of steps, shorter and shorter ones, as long as the same goes wrong. */
  static SimPlan shortened(SimPlan failing) {
    String kind = kind(of(failing).wrong().get(0));
    SimPlan best = failing;
    int repetitions = 0;
    for (int chunk = best.steps().size() / 2; chunk >= 1; chunk /= 2) {
      int at = 0;
      while (at < best.steps().size() && repetitions++ < MOST_REPETITIONS) {
        List<SimStep> fewer = new ArrayList<>(best.steps().subList(0, at));
        fewer.addAll(
            best.steps().subList(Math.min(best.steps().size(), at + chunk), best.steps().size()));
        SimPlan candidate = best.with(fewer);
        if (of(candidate).wrong().stream().anyMatch(wrong -> kind(wrong).equals(kind))) {
          best = candidate;
        } else {
          at += chunk;
        }
      }
    }
    return best;
  }

  private static String told(SimPlan plan, Verdict verdict) {
    return "seed "
        + plan.seed()
        + " (-Dsimulation.seed="
        + plan.seed()
        + "), clocks "
        + plan.skews()
        + ", batches of "
        + plan.drainBatch()
        + ":\n  "
        + String.join("\n  ", verdict.wrong())
        + "\nsteps:\n  "
        + String.join("\n  ", plan.steps().stream().map(SimStep::toString).toList())
        + "\nhistory:\n  "
        + String.join("\n  ", verdict.trace());
  }

  /** What a store logs as an error is one; the rest would fill the disk. */
  static void listenForErrors() {
    Logger logger = (Logger) LoggerFactory.getLogger("io.conversationstore");
    synchronized (logger) {
      if (logger.getAppender("simulation") == null) {
        AppenderBase<ILoggingEvent> appender =
            new AppenderBase<>() {
              @Override
              protected void append(ILoggingEvent event) {
                SimThreads.failPresent("logged: " + event.getFormattedMessage());
              }
            };
        appender.setName("simulation");
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
      }
      logger.setLevel(Level.ERROR);
      logger.setAdditive(false);
    }
  }

  /** The log is as it was before. */
  static void stopListening() {
    Logger logger = (Logger) LoggerFactory.getLogger("io.conversationstore");
    synchronized (logger) {
      logger.detachAppender("simulation");
      logger.setLevel(null);
      logger.setAdditive(true);
    }
  }
}
