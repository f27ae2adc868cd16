package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreLimits;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Settings of the hybrid store; all defaults suit production.
 *
 * @param limits limits on input
 * @param clock the node's clock
 * @param random for jitter and ids; must be thread-safe
 * @param mirrorInterval interval between requests for writes of other nodes; bounds the lag of the
 *     local copy; default 1 s
 * @param firstProbe wait before a lost database is tried again; default 50 ms
 * @param longestProbe the wait between tries doubles up to this; default 2 s. Each wait is jittered
 *     by a quarter
 * @param drainBatch pending changes that are read and settled together; default 200
 * @param feedPage row states that are mirrored together; default 1,000
 * @param circuitBreakers registry that holds the store's circuit breaker while the store is open,
 *     as {@value #CIRCUIT_BREAKER}, for Resilience4j's own metrics and events; default a private
 *     one
 * @param copyLimits how much of the database this node's local copy holds; default {@link
 *     CopyLimits#DEFAULT}, a share of the disk; {@link CopyLimits#NONE} for all of it
 * @param localData handling of a directory that was filled before it met the database; default
 *     {@link LocalData#ADOPT}
 * @param retention retention that the store runs by itself while the database is in use; default
 *     {@link RetentionSchedule#OFF}
 */
public record HybridOptions(
    StoreLimits limits,
    Clock clock,
    RandomGenerator random,
    Duration mirrorInterval,
    Duration firstProbe,
    Duration longestProbe,
    int drainBatch,
    int feedPage,
    CircuitBreakerRegistry circuitBreakers,
    CopyLimits copyLimits,
    LocalData localData,
    RetentionSchedule retention) {

  /** The name of the database's circuit breaker. */
  public static final String CIRCUIT_BREAKER = Availability.CIRCUIT_BREAKER;

  private static final Duration LONGEST = Duration.ofDays(1);
  private static final int MOST = 100_000;

  public HybridOptions {
    requirePositive("mirrorInterval", mirrorInterval);
    requirePositive("firstProbe", firstProbe);
    requirePositive("longestProbe", longestProbe);
    if (longestProbe.compareTo(firstProbe) < 0) {
      throw new IllegalArgumentException("longestProbe must not be shorter than firstProbe");
    }
    requireCount("drainBatch", drainBatch);
    requireCount("feedPage", feedPage);
  }

  private static void requirePositive(String name, Duration duration) {
    if (duration.isNegative() || duration.isZero() || duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + " must be positive and at most " + LONGEST + ", but was " + duration);
    }
  }

  private static void requireCount(String name, int count) {
    if (count < 1 || count > MOST) {
      throw new IllegalArgumentException(name + " must be 1 to " + MOST + ", but was " + count);
    }
  }

  /** The defaults. */
  public static HybridOptions defaults() {
    return new HybridOptions(
        StoreLimits.DEFAULT,
        Clock.systemUTC(),
        new java.security.SecureRandom(),
        Duration.ofSeconds(1),
        Duration.ofMillis(50),
        Duration.ofSeconds(2),
        200,
        1_000,
        CircuitBreakerRegistry.ofDefaults(),
        CopyLimits.DEFAULT,
        LocalData.ADOPT,
        RetentionSchedule.OFF);
  }

  public HybridOptions withLimits(StoreLimits newLimits) {
    return new HybridOptions(
        newLimits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  public HybridOptions withMirrorInterval(Duration interval) {
    return new HybridOptions(
        limits,
        clock,
        random,
        interval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  /** First and longest wait between attempts to reach a lost database. */
  public HybridOptions withProbes(Duration first, Duration longest) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        first,
        longest,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  public HybridOptions withClock(Clock newClock) {
    return new HybridOptions(
        limits,
        newClock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  /** How many pending changes are read and settled together, 1 to 100,000. */
  public HybridOptions withDrainBatch(int changes) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        changes,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  /** How many row states of the feed are mirrored together, 1 to 100,000. */
  public HybridOptions withFeedPage(int states) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        states,
        circuitBreakers,
        copyLimits,
        localData,
        retention);
  }

  /**
   * Registers the circuit breaker in a registry of the application. Opening fails if the registry
   * already has one of this name: two stores in one process need separate registries.
   */
  public HybridOptions withCircuitBreakers(CircuitBreakerRegistry registry) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        registry,
        copyLimits,
        localData,
        retention);
  }

  /** How much of the database this node's local copy holds; {@link CopyLimits#NONE} for all. */
  public HybridOptions withCopyLimits(CopyLimits newLimits) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        newLimits,
        localData,
        retention);
  }

  /** Handling of a directory that was filled before it met the database. */
  public HybridOptions withLocalData(LocalData newLocalData) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        newLocalData,
        retention);
  }

  /**
   * Retention that the store runs by itself while the database is in use, or in a directory that
   * has met no database. Schedules of {@link io.conversationstore.postgres.PostgresOptions} and
   * {@link io.conversationstore.jsonfile.JsonFileOptions} do not count here.
   */
  public HybridOptions withRetention(RetentionSchedule schedule) {
    return new HybridOptions(
        limits,
        clock,
        random,
        mirrorInterval,
        firstProbe,
        longestProbe,
        drainBatch,
        feedPage,
        circuitBreakers,
        copyLimits,
        localData,
        schedule);
  }
}
