package io.conversationstore.hybrid;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.conversationstore.hybrid.SimRun.Verdict;
import io.conversationstore.jsonfile.LightThreads;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * Runs simulations by their seeds. {@code -Dsimulation.seed} repeats one. {@code
 * -Dsimulation.seeds} runs as many, from {@code -Dsimulation.first} on, or from a start that is new
 * each day; {@code -Dsimulation.minutes} runs seeds for that time. The first failing plan is
 * shortened as far as possible, unless {@code -Dsimulation.shorten=false}, and printed.
 */
final class Simulation {

  /** The kinds of failures. */
  static final List<String> KINDS =
      List.of("lost", "doubled", "reordered", "resurrected", "diverged");

  private static final int MOST_REPETITIONS = 120;

  /** Number of seeds reserved for each day. */
  private static final long MOST_A_DAY = 10_000_000;

  static {
    // Two concurrent first calls would get an uninitialised factory.
    LoggerFactory.getILoggerFactory();
  }

  private static final String COMMAND =
      "./mvnw -Pquick test -pl store-hybrid -am -Dtest=SimulationTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dsimulation.seed=";

  private final LongUnaryOperator seeds;
  private final long count;
  private final long end;
  private final boolean goesOn;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong ran = new AtomicLong();
  private final AtomicLong ranLater = new AtomicLong();
  private final AtomicLong ranAdopting = new AtomicLong();
  private final AtomicLong ranRestoring = new AtomicLong();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong acked = new AtomicLong();
  private final Map<SimScenario, Integer> reached = new EnumMap<>(SimScenario.class);

  /** Failures with their seeds. */
  private final Map<String, Set<Long>> failed = new TreeMap<>();

  /**
   * @param seeds the seed of each number from 0 on
   * @param count maximum number of seeds
   * @param end the latest start of a seed, by the system's clock in nanoseconds
   * @param goesOn whether to continue after a failure
   */
  private Simulation(LongUnaryOperator seeds, long count, long end, boolean goesOn) {
    this.seeds = seeds;
    this.count = count;
    this.end = end;
    this.goesOn = goesOn;
  }

  /**
   * Runs seeds on all processors until one fails, and fails then. Without properties two thirds of
   * the seeds, for each range of kinds of steps, are the same each time, one third is new each day.
   */
  static void run(long standard) {
    if (repeats()) {
      return;
    }
    Long seeds = Long.getLong("simulation.seeds");
    if (Long.getLong("simulation.first") == null && Long.getLong("simulation.minutes") == null) {
      long stay = (seeds == null ? standard : seeds) / (seeds == null ? 6 : 4);
      long adopting = (seeds == null ? standard / 3 : seeds / 2);
      long fresh = seeds == null ? standard - 2 * stay - adopting : 0;
      long today = today();
      System.out.printf(
          "SEEDS 1 to %d, %d to %d, %d to %d%s%n",
          stay,
          SimPlan.LATER + 1,
          SimPlan.LATER + stay,
          SimPlan.ADOPTING + 1,
          SimPlan.ADOPTING + adopting,
          fresh == 0 ? "" : ", and of this day " + today + " to " + (today + fresh - 1));
      forSeeds(
              i ->
                  i < stay
                      ? i + 1
                      : i < 2 * stay
                          ? SimPlan.LATER + 1 + i - stay
                          : i < 2 * stay + adopting
                              ? SimPlan.ADOPTING + 1 + i - 2 * stay
                              : today + i - 2 * stay - adopting,
              2 * stay + adopting + fresh,
              false)
          .runAll();
    } else {
      runs(standard, false);
    }
  }

  /** Runs seeds that a property names, or that are new each day, and continues after failures. */
  static void runLong(long standard) {
    if (!repeats() && !runs(standard, true)) {
      runFrom(today(), standard, Long.MAX_VALUE, true);
    }
  }

  /** Runs all seeds that ever failed. */
  static void runFailedBefore() {
    List<Long> before = failedBefore();
    forSeeds(i -> before.get((int) i), before.size(), true).runAll();
  }

  /** Seeds kept in a file, each with a comment. */
  private static List<Long> failedBefore() {
    try (InputStream file = Simulation.class.getResourceAsStream("/failed-seeds.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").trim())
          .filter(line -> !line.isEmpty())
          .map(Long::valueOf)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long today() {
    return SimPlan.GROWN + LocalDate.now(ZoneOffset.UTC).toEpochDay() * MOST_A_DAY;
  }

  private static boolean repeats() {
    Long only = Long.getLong("simulation.seed");
    if (only == null) {
      return false;
    }
    Verdict verdict = of(SimPlan.of(only));
    if (!verdict.isClean()) {
      throw new AssertionError(report(SimPlan.of(only), verdict));
    }
    return true;
  }

  private static boolean runs(long standard, boolean goesOn) {
    Long first = Long.getLong("simulation.first");
    Long seeds = Long.getLong("simulation.seeds");
    Long minutes = Long.getLong("simulation.minutes");
    if (first == null && seeds == null && minutes == null) {
      return false;
    }
    long count = seeds != null ? seeds : minutes != null ? Long.MAX_VALUE : standard;
    long start = first != null ? first : seeds != null && minutes == null ? 1 : today();
    long duration = minutes == null ? Long.MAX_VALUE : TimeUnit.MINUTES.toNanos(minutes);
    runFrom(start, count, duration, goesOn);
    return true;
  }

  private static void runFrom(long first, long count, long nanos, boolean goesOn) {
    System.out.println("SEEDS from " + first + " on");
    long end = nanos == Long.MAX_VALUE ? nanos : System.nanoTime() + nanos;
    new Simulation(i -> first + i, count, end, goesOn).runAll();
  }

  private static Simulation forSeeds(LongUnaryOperator seeds, long count, boolean goesOn) {
    return new Simulation(seeds, count, Long.MAX_VALUE, goesOn);
  }

  private void runAll() {
    onAllProcessors(this::work);
    StringBuilder line = new StringBuilder("SIMULATION");
    line.append(" seeds=").append(ran).append(" steps=").append(steps);
    line.append(" acked=").append(acked);
    KINDS.forEach(
        kind ->
            line.append(' ')
                .append(kind)
                .append('=')
                .append(failed.getOrDefault(kind, Set.of()).size()));
    System.out.println(line);
    System.out.println(scenarios());
    if (!failed.isEmpty()) {
      failed.forEach((kind, which) -> System.out.println("FAILED " + kind + " " + which));
      throw new AssertionError(line + "\n" + failed + "\n" + report(failed.values()));
    }
    List<SimScenario> rare =
        Arrays.stream(SimScenario.values())
            .filter(
                scenario ->
                    times(scenario) < scenario.least() * (ran(scenario) / SimScenario.SEEDS))
            .toList();
    if (!rare.isEmpty()) {
      throw new AssertionError("happened too seldom: " + rare + "; " + scenarios());
    }
  }

  /** The first failing plan, shortened as far as possible. */
  private static String report(Collection<Set<Long>> failed) {
    long first = failed.stream().flatMap(Set::stream).mapToLong(seed -> seed).min().orElseThrow();
    boolean shorten = Boolean.parseBoolean(System.getProperty("simulation.shorten", "true"));
    SimPlan plan = SimPlan.of(first);
    SimPlan shortest = shorten ? shortened(plan) : plan;
    return report(shortest, of(shortest));
  }

  /** Runs the same action in one thread per processor. */
  static void onAllProcessors(Runnable work) {
    List<Thread> workers = new ArrayList<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread worker = LightThreads.of(work);
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

  /** The number of seeds run that can reach it. */
  private long ran(SimScenario scenario) {
    if (scenario.isOfRestores()) {
      return ranRestoring.get();
    }
    AtomicLong all = scenario.isOfAdoption() ? ranAdopting : scenario.isLater() ? ranLater : ran;
    return all.get();
  }

  private int times(SimScenario scenario) {
    return reached.getOrDefault(scenario, 0);
  }

  /** The number of seeds that reached each scenario. */
  private String scenarios() {
    return Arrays.stream(SimScenario.values())
        .map(scenario -> scenario.name().toLowerCase(Locale.ROOT) + "=" + times(scenario))
        .collect(Collectors.joining(" ", "SCENARIOS ", ""));
  }

  private void work() {
    for (long i = next.getAndIncrement(); i < count && !isLate(); i = next.getAndIncrement()) {
      long seed = seeds.applyAsLong(i);
      Verdict verdict = of(SimPlan.of(seed));
      ran.incrementAndGet();
      if (seed >= SimPlan.LATER) {
        ranLater.incrementAndGet();
      }
      if (SimPlan.isAdopting(seed)) {
        ranAdopting.incrementAndGet();
      }
      if (SimPlan.isRestoring(seed)) {
        ranRestoring.incrementAndGet();
      }
      steps.addAndGet(verdict.steps());
      acked.addAndGet(verdict.acked());
      synchronized (reached) {
        verdict.reached().forEach(scenario -> reached.merge(scenario, 1, Integer::sum));
        verdict
            .wrong()
            .forEach(
                wrong -> failed.computeIfAbsent(kind(wrong), key -> new TreeSet<>()).add(seed));
      }
      if (!verdict.isClean() && !goesOn) {
        next.set(count);
      }
    }
  }

  private boolean isLate() {
    return end != Long.MAX_VALUE && System.nanoTime() - end >= 0;
  }

  /** The kind of a failure, in one word. */
  static String kind(String wrong) {
    return wrong.substring(0, wrong.indexOf(':'));
  }

  /** Runs a plan; errors that a store logs count as failures. */
  static Verdict of(SimPlan plan) {
    listenForErrors();
    return SimRun.of(plan);
  }

  /** Removes stretches of steps, of decreasing length, while the same failure remains. */
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

  private static String report(SimPlan plan, Verdict verdict) {
    return "seed "
        + plan.seed()
        + " ("
        + COMMAND
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

  /** Errors logged by a store are failures; other lines would fill the disk. */
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

  /** Restores the log. */
  static void stopListening() {
    Logger logger = (Logger) LoggerFactory.getLogger("io.conversationstore");
    synchronized (logger) {
      logger.detachAppender("simulation");
      logger.setLevel(null);
      logger.setAdditive(true);
    }
  }
}
