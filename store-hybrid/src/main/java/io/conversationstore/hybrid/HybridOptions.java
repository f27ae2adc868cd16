package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.spi.OptionChecks;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the hybrid store; all defaults suit production. Immutable; the {@code with…} methods
 * return a changed copy.
 */
public final class HybridOptions {

  /** The name of the database's circuit breaker. */
  public static final String CIRCUIT_BREAKER = Availability.CIRCUIT_BREAKER;

  private static final Duration LONGEST = Duration.ofDays(1);
  private static final int MOST = 100_000;

  private final Values values;

  private HybridOptions(Values values) {
    this.values = values;
  }

  /** The defaults. */
  public static HybridOptions defaults() {
    return new HybridOptions(new Values());
  }

  private static Duration requirePositive(String name, Duration duration) {
    return OptionChecks.requireRange(
        name, duration, Duration.ofNanos(1), LONGEST, "positive and at most " + LONGEST);
  }

  /**
   * Sets the limits on input; {@link StoreLimits#DEFAULT} by default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withLimits(StoreLimits value) {
    Values next = new Values(values);
    next.limits = OptionChecks.requireGiven("limits", value);
    return new HybridOptions(next);
  }

  /**
   * Sets the node's clock; by default the system's.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withClock(Clock value) {
    Values next = new Values(values);
    next.clock = OptionChecks.requireGiven("clock", value);
    return new HybridOptions(next);
  }

  /**
   * Sets the source of jitter and ids; by default a {@link SecureRandom}.
   *
   * @param value thread-safe
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withRandom(RandomGenerator value) {
    Values next = new Values(values);
    next.random = OptionChecks.requireGiven("random", value);
    return new HybridOptions(next);
  }

  /**
   * Sets the interval between requests for writes of other nodes, which bounds the lag of the local
   * copy.
   *
   * @param value more than 0, up to 1 day; default 1 s
   * @throws StoreConfigurationException if it is null or out of this range
   */
  public HybridOptions withMirrorInterval(Duration value) {
    Values next = new Values(values);
    next.mirrorInterval = requirePositive("mirrorInterval", value);
    return new HybridOptions(next);
  }

  /**
   * Sets the first and the longest wait between attempts to reach a lost database. The wait doubles
   * from one to the other; each wait is jittered by a quarter.
   *
   * @param first more than 0, up to 1 day; default 50 ms
   * @param longest at least {@code first}, up to 1 day; default 2 s
   * @throws StoreConfigurationException if one is null or out of this range
   */
  public HybridOptions withProbes(Duration first, Duration longest) {
    Values next = new Values(values);
    next.firstProbe = requirePositive("firstProbe", first);
    next.longestProbe = requirePositive("longestProbe", longest);
    if (longest.compareTo(first) < 0) {
      throw new StoreConfigurationException("longestProbe must not be shorter than firstProbe");
    }
    return new HybridOptions(next);
  }

  /**
   * Sets how many pending changes are read and settled together.
   *
   * @param value 1 to 100,000; default 200
   * @throws StoreConfigurationException if it is out of this range
   */
  public HybridOptions withDrainBatch(int value) {
    Values next = new Values(values);
    next.drainBatch = OptionChecks.requireRange("drainBatch", value, 1, MOST);
    return new HybridOptions(next);
  }

  /**
   * Sets how many row states of the feed are mirrored together.
   *
   * @param value 1 to 100,000; default 1,000
   * @throws StoreConfigurationException if it is out of this range
   */
  public HybridOptions withFeedPage(int value) {
    Values next = new Values(values);
    next.feedPage = OptionChecks.requireRange("feedPage", value, 1, MOST);
    return new HybridOptions(next);
  }

  /**
   * Registers the circuit breaker in a registry of the application as {@value #CIRCUIT_BREAKER}
   * while the store is open, for Resilience4j's own metrics and events; by default in a private
   * one. Opening fails if the registry already has one of this name: two stores in one process need
   * separate registries.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withCircuitBreakers(CircuitBreakerRegistry value) {
    Values next = new Values(values);
    next.circuitBreakers = OptionChecks.requireGiven("circuitBreakers", value);
    return new HybridOptions(next);
  }

  /**
   * Sets how much of the database this node's local copy holds; by default {@link
   * CopyLimits#DEFAULT}, a share of the disk; {@link CopyLimits#NONE} for all of it.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withCopyLimits(CopyLimits value) {
    Values next = new Values(values);
    next.copyLimits = OptionChecks.requireGiven("copyLimits", value);
    return new HybridOptions(next);
  }

  /**
   * Sets the handling of a directory that was filled before it met the database; {@link
   * LocalData#ADOPT} by default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withLocalData(LocalData value) {
    Values next = new Values(values);
    next.localData = OptionChecks.requireGiven("localData", value);
    return new HybridOptions(next);
  }

  /**
   * Sets retention that the store runs by itself while the database is in use, or in a directory
   * that has met no database; {@link RetentionSchedule#OFF} by default. Schedules of {@link
   * io.conversationstore.postgres.PostgresOptions} and {@link
   * io.conversationstore.jsonfile.JsonFileOptions} do not count here.
   *
   * @throws StoreConfigurationException if it is null
   */
  public HybridOptions withRetention(RetentionSchedule value) {
    Values next = new Values(values);
    next.retention = OptionChecks.requireGiven("retention", value);
    return new HybridOptions(next);
  }

  /** Limits on input. */
  public StoreLimits limits() {
    return values.limits;
  }

  /** The node's clock. */
  public Clock clock() {
    return values.clock;
  }

  /** The source of jitter and ids. */
  public RandomGenerator random() {
    return values.random;
  }

  /** Interval between requests for writes of other nodes. */
  public Duration mirrorInterval() {
    return values.mirrorInterval;
  }

  /** Wait before a lost database is tried again. */
  public Duration firstProbe() {
    return values.firstProbe;
  }

  /** Longest wait between attempts to reach a lost database. */
  public Duration longestProbe() {
    return values.longestProbe;
  }

  /** How many pending changes are read and settled together. */
  public int drainBatch() {
    return values.drainBatch;
  }

  /** How many row states of the feed are mirrored together. */
  public int feedPage() {
    return values.feedPage;
  }

  /**
   * The registry that holds the store's circuit breaker while the store is open, as {@value
   * #CIRCUIT_BREAKER}.
   */
  public CircuitBreakerRegistry circuitBreakers() {
    return values.circuitBreakers;
  }

  /** How much of the database this node's local copy holds. */
  public CopyLimits copyLimits() {
    return values.copyLimits;
  }

  /** Handling of a directory that was filled before it met the database. */
  public LocalData localData() {
    return values.localData;
  }

  /** Retention that the store runs by itself. */
  public RetentionSchedule retention() {
    return values.retention;
  }

  /** Options are equal if all of their settings are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HybridOptions that && values.all().equals(that.values.all());
  }

  @Override
  public int hashCode() {
    return values.all().hashCode();
  }

  @Override
  public String toString() {
    return "HybridOptions["
        + values.copyLimits
        + ", "
        + values.localData
        + ", "
        + values.retention
        + "]";
  }

  /** The settings; written only before an options object is returned. */
  private static final class Values {
    StoreLimits limits = StoreLimits.DEFAULT;
    Clock clock = Clock.systemUTC();
    RandomGenerator random = new SecureRandom();
    Duration mirrorInterval = Duration.ofSeconds(1);
    Duration firstProbe = Duration.ofMillis(50);
    Duration longestProbe = Duration.ofSeconds(2);
    int drainBatch = 200;
    int feedPage = 1_000;
    CircuitBreakerRegistry circuitBreakers = CircuitBreakerRegistry.ofDefaults();
    CopyLimits copyLimits = CopyLimits.DEFAULT;
    LocalData localData = LocalData.ADOPT;
    RetentionSchedule retention = RetentionSchedule.OFF;

    Values() {}

    List<Object> all() {
      return Arrays.asList(
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
          retention);
    }

    Values(Values that) {
      limits = that.limits;
      clock = that.clock;
      random = that.random;
      mirrorInterval = that.mirrorInterval;
      firstProbe = that.firstProbe;
      longestProbe = that.longestProbe;
      drainBatch = that.drainBatch;
      feedPage = that.feedPage;
      circuitBreakers = that.circuitBreakers;
      copyLimits = that.copyLimits;
      localData = that.localData;
      retention = that.retention;
    }
  }
}
