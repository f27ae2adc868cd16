package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState.Mode;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the database is in use. Thread-safe.
 *
 * <p>The circuit breaker only counts and reports; it permits no trial calls, because the prober
 * finds the way back ({@link #reached}). An unreachable database opens it at once, so the next call
 * does not wait as long as the first; slow calls open it by their rate.
 *
 * <p>Each stay in one mode has a number that calls carry ({@link #tag}). The late result of a call
 * that began in an earlier stay is ignored.
 */
public final class Availability {

  private static final Logger LOG = LoggerFactory.getLogger(Availability.class);

  /** The name of the circuit breaker. */
  public static final String CIRCUIT_BREAKER = "conversation-store-database";

  /**
   * A mode and its cause.
   *
   * @param failure the failure that ended the use of the database; null while it is used or if no
   *     call failed
   */
  public record Snapshot(
      Mode mode, Instant since, String reason, @Nullable EngineFailureException failure, long tag) {
    public boolean usable() {
      return mode != Mode.OFFLINE;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final CircuitBreakerRegistry breakers;
  private final CircuitBreaker breaker;
  private final Clock clock;
  private final BooleanSupplier hasPending;
  private final Runnable onLost;
  private final Runnable onChange;
  private volatile Snapshot snapshot;
  private volatile boolean closing;

  /**
   * @param breakers the registry that shows the circuit breaker until {@link #close}
   * @param hasPending whether changes wait to be sent
   * @param onLost called when the database is lost
   * @param onChange called after each change of mode
   */
  public Availability(
      Clock clock,
      CircuitBreakerRegistry breakers,
      BooleanSupplier hasPending,
      Runnable onLost,
      Runnable onChange) {
    this.clock = clock;
    this.hasPending = hasPending;
    this.breakers = breakers;
    this.onLost = onLost;
    this.onChange = onChange;
    if (breakers.find(CIRCUIT_BREAKER).isPresent()) {
      throw new StoreConfigurationException(
          "the circuit breaker registry already contains "
              + CIRCUIT_BREAKER
              + "; give each open store its own registry");
    }
    this.breaker =
        breakers.circuitBreaker(
            CIRCUIT_BREAKER,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(Duration.ofDays(1))
                .build());
    this.snapshot =
        new Snapshot(
            Mode.OFFLINE, clock.instant(), "the database has not been contacted yet", null, 0);
    breaker.transitionToOpenState();
  }

  /** Later failures are caused by closing the store and are ignored. */
  public void closing() {
    closing = true;
  }

  /** Removes the circuit breaker from the registry. */
  public void close() {
    breakers.remove(CIRCUIT_BREAKER);
  }

  public Snapshot snapshot() {
    return snapshot;
  }

  public boolean usable() {
    return snapshot.usable();
  }

  /**
   * For a read that waited, possibly for a call that the database did not answer.
   *
   * @throws EngineFailureException if the database is no longer in use
   */
  public void requireUsable() {
    Snapshot present = snapshot;
    if (!present.usable()) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE,
          false,
          "the database became unavailable meanwhile: " + present.reason(),
          present.failure());
    }
  }

  /** The number of the present stay, to be passed back with the call's result. */
  public long tag() {
    return snapshot.tag();
  }

  /** A call was answered. */
  public void answered(long tag, long nanos) {
    if (tag != snapshot.tag()) {
      return;
    }
    breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
    if (breaker.getState() == CircuitBreaker.State.OPEN && hasLost(tag)) {
      onLost.run();
    }
  }

  /**
   * The breaker may open by its rate on a success too: the first one that completes the minimum
   * number of calls.
   */
  private boolean hasLost(long tag) {
    lock.lock();
    try {
      if (closing || tag != snapshot.tag() || !snapshot.usable()) {
        return false;
      }
      change(Mode.OFFLINE, "too many recent calls were slow", null);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** A call failed; falls back if the failure means that the database cannot be used. */
  public void failed(long tag, EngineFailureException failure) {
    FailureKind kind = failure.kind();
    if (kind == FailureKind.CONTENTION || kind == FailureKind.UNEXPECTED) {
      return;
    }
    lock.lock();
    try {
      if (closing || tag != snapshot.tag() || !snapshot.usable()) {
        return;
      }
      breaker.onError(0, TimeUnit.NANOSECONDS, failure);
      if (kind == FailureKind.SLOW && breaker.getState() != CircuitBreaker.State.OPEN) {
        return;
      }
      if (breaker.getState() != CircuitBreaker.State.OPEN) {
        breaker.transitionToOpenState();
      }
      change(Mode.OFFLINE, String.valueOf(failure.getMessage()), failure);
    } finally {
      lock.unlock();
    }
    onLost.run();
  }

  /**
   * The database was reached and is the right one. A caller that queues a change reports it
   * afterwards ({@link #queued}), so one of the two notices it.
   */
  public void reached() {
    lock.lock();
    try {
      breaker.transitionToClosedState();
      boolean pending = hasPending.getAsBoolean();
      change(
          pending ? Mode.RESYNCING : Mode.ONLINE,
          pending
              ? "the database responds; pending changes are being sent"
              : "the database responds",
          null);
    } finally {
      lock.unlock();
    }
  }

  /** The database answers but must not be used. */
  public void refused(String reason) {
    lock.lock();
    try {
      if (snapshot.usable() || !snapshot.reason().equals(reason)) {
        if (breaker.getState() != CircuitBreaker.State.OPEN) {
          breaker.transitionToOpenState();
        }
        change(Mode.OFFLINE, reason, snapshot.failure());
      }
    } finally {
      lock.unlock();
    }
  }

  /** A change was queued, possibly while the database is in use. */
  public void queued() {
    if (snapshot.mode() != Mode.ONLINE) {
      return;
    }
    lock.lock();
    try {
      if (snapshot.mode() == Mode.ONLINE && hasPending.getAsBoolean()) {
        change(Mode.RESYNCING, "the database responds; delayed changes are being sent", null);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The drain ended; possibly nothing is pending any more. */
  public void drained() {
    lock.lock();
    try {
      if (snapshot.mode() == Mode.RESYNCING && !hasPending.getAsBoolean()) {
        change(Mode.ONLINE, "the database responds, and all changes are sent", null);
      }
    } finally {
      lock.unlock();
    }
  }

  private void change(Mode mode, String reason, @Nullable EngineFailureException failure) {
    if (closing) {
      return;
    }
    Snapshot before = snapshot;
    if (before.mode() == mode) {
      // The stay continues, but its cause may have changed.
      snapshot = new Snapshot(mode, before.since(), reason, failure, before.tag());
      LOG.debug("The mode is still {}, with a new reason: {}", mode, reason);
      return;
    }
    // The end of a drain begins no new stay: results of calls that began during it remain valid.
    long tag = before.usable() == (mode != Mode.OFFLINE) ? before.tag() : before.tag() + 1;
    snapshot = new Snapshot(mode, clock.instant(), reason, failure, tag);
    switch (mode) {
      case OFFLINE ->
          LOG.warn(
              "Fell back to the local files ({}). Reads and writes continue. Writes are pending"
                  + " until the database is available again.",
              reason);
      case RESYNCING ->
          LOG.info(
              "{} Other nodes see each change after it is sent.",
              before.usable()
                  ? "Some changes could not be sent at once and are pending. They are being sent"
                      + " now."
                  : "The database is available again. Pending changes are being sent.");
      case ONLINE -> LOG.info("The database is in use: {}", reason);
      case LOCAL_ONLY -> throw new IllegalStateException("a hybrid store cannot be local only");
    }
    onChange.run();
  }
}
