package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.StoreLimits;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How the hybrid store behaves; every default suits production.
 *
 * @param limits what the store takes
 * @param clock the node's clock
 * @param random for jitter and ids; has to be thread-safe
 * @param mirrorInterval how often the database is asked for what other nodes wrote; bounds how far
 *     the local copy lags behind; default 1 s
 * @param firstProbe how long after the database was lost it is tried again; default 50 ms
 * @param longestProbe the wait between tries doubles up to this; default 2 s. Each wait is jittered
 *     by a quarter
 * @param drainBatch pending changes that are read and settled together; default 200
 * @param feedPage row states that are mirrored together; default 1,000
 * @param circuitBreakers where the store's circuit breaker is to be found while the store is open,
 *     as {@value #CIRCUIT_BREAKER}, for Resilience4j's own metrics and events; default one of its
 *     own
 * @param copyLimits how much of the database this node's local copy holds; default {@link
 *     CopyLimits#DEFAULT}, a share of the disk; {@link CopyLimits#NONE} for all of it
 * @param localData what becomes of a directory that was filled before it met the database; default
 *     {@link LocalData#ADOPT}
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
    LocalData localData) {

  /** The name of the circuit breaker before the database. */
  public static final String CIRCUIT_BREAKER = "conversation-store-database";

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
        LocalData.ADOPT);
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
        localData);
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
        localData);
  }

  /** How soon and how often a database that was lost is tried again. */
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
        localData);
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
        localData);
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
        localData);
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
        localData);
  }

  /**
   * Shows the circuit breaker in a registry of the application's. Opening fails where one of this
   * name is there: two stores in one process need a registry each.
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
        localData);
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
        localData);
  }

  /** What becomes of a directory that was filled before it met the database. */
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
        newLocalData);
  }
}
