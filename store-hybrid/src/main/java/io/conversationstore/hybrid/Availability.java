package io.conversationstore.hybrid;

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
 * Whether the database is to be used. Thread-safe.
 *
 * <p>The circuit breaker counts and shows; it lets no call through to find the way back: that is
 * the prober's work ({@link #reached}). A database that cannot be reached opens it at once, so that
 * the next call does not wait as long as the first one did; slow calls open it by their rate.
 *
 * <p>Each stay in one mode has a number, which a call takes along ({@link #tag}): the late result
 * of a call that began in an earlier stay changes nothing.
 */
final class Availability {

  private static final Logger LOG = LoggerFactory.getLogger(Availability.class);

  /**
   * A mode and what it is about.
   *
   * @param failure what ended the use of the database, null while it is used or where no call did
   */
  record Snapshot(
      Mode mode, Instant since, String reason, @Nullable EngineFailureException failure, long tag) {
    boolean usable() {
      return mode != Mode.FALLEN_BACK;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final CircuitBreakerRegistry breakers;
  private final CircuitBreaker breaker;
  private final Clock clock;
  private final Runnable onLost;
  private final Runnable onChange;
  private volatile Snapshot snapshot;
  private volatile boolean closing;

  /**
   * @param breakers where the circuit breaker is shown until {@link #close}
   * @param onLost called when the database was lost
   * @param onChange called after each change of mode
   */
  Availability(Clock clock, CircuitBreakerRegistry breakers, Runnable onLost, Runnable onChange) {
    this.clock = clock;
    this.breakers = breakers;
    this.onLost = onLost;
    this.onChange = onChange;
    if (breakers.find(HybridOptions.CIRCUIT_BREAKER).isPresent()) {
      throw new StoreConfigurationException(
          "the circuit breaker registry has a "
              + HybridOptions.CIRCUIT_BREAKER
              + " already: give each store that is open a registry of its own");
    }
    this.breaker =
        breakers.circuitBreaker(
            HybridOptions.CIRCUIT_BREAKER,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(Duration.ofDays(1))
                .build());
    this.snapshot =
        new Snapshot(
            Mode.FALLEN_BACK, clock.instant(), "the database was not reached yet", null, 0);
    breaker.transitionToOpenState();
  }

  /** From now on what fails, fails because the store is being closed, and says nothing. */
  void closing() {
    closing = true;
  }

  /** Takes the circuit breaker back from the registry. */
  void close() {
    breakers.remove(HybridOptions.CIRCUIT_BREAKER);
  }

  Snapshot snapshot() {
    return snapshot;
  }

  boolean usable() {
    return snapshot.usable();
  }

  /** The number of the present stay, to be given back with the call's result. */
  long tag() {
    return snapshot.tag();
  }

  /** A call was answered. */
  void answered(long tag, long nanos) {
    if (tag != snapshot.tag()) {
      return;
    }
    breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
    if (breaker.getState() == CircuitBreaker.State.OPEN && hasLost(tag)) {
      onLost.run();
    }
  }

  /**
   * By its rate the breaker may open at a success too, the first at which there are enough calls.
   */
  private boolean hasLost(long tag) {
    lock.lock();
    try {
      if (closing || tag != snapshot.tag() || !snapshot.usable()) {
        return false;
      }
      change(Mode.FALLEN_BACK, "too many of the last calls took too long", null);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** A call failed; falls back where the failure says that the database cannot be used. */
  void failed(long tag, EngineFailureException failure) {
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
      change(Mode.FALLEN_BACK, String.valueOf(failure.getMessage()), failure);
    } finally {
      lock.unlock();
    }
    onLost.run();
  }

  /**
   * The database was reached and is the right one.
   *
   * @param hasPending whether anything waits to be sent; whoever queues something tells of it
   *     afterwards ({@link #queued}), so that neither misses the other
   */
  void reached(BooleanSupplier hasPending) {
    lock.lock();
    try {
      breaker.transitionToClosedState();
      boolean pending = hasPending.getAsBoolean();
      change(
          pending ? Mode.RESYNCING : Mode.IN_USE,
          pending ? "the database answers; pending changes are sent" : "the database answers",
          null);
    } finally {
      lock.unlock();
    }
  }

  /** The database answers but must not be used. */
  void refused(String reason) {
    lock.lock();
    try {
      if (snapshot.usable() || !snapshot.reason().equals(reason)) {
        if (breaker.getState() != CircuitBreaker.State.OPEN) {
          breaker.transitionToOpenState();
        }
        change(Mode.FALLEN_BACK, reason, snapshot.failure());
      }
    } finally {
      lock.unlock();
    }
  }

  /** A change was queued; the database may be in use all the same. */
  void queued(BooleanSupplier hasPending) {
    if (snapshot.mode() != Mode.IN_USE) {
      return;
    }
    lock.lock();
    try {
      if (snapshot.mode() == Mode.IN_USE && hasPending.getAsBoolean()) {
        change(Mode.RESYNCING, "changes that the database did not take at once are sent", null);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The drain came to its end; perhaps nothing is pending any more. */
  void drained(BooleanSupplier hasPending) {
    lock.lock();
    try {
      if (snapshot.mode() == Mode.RESYNCING && !hasPending.getAsBoolean()) {
        change(Mode.IN_USE, "the database answers and holds everything", null);
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
      // The stay goes on; what is known of its cause may be another by now.
      snapshot = new Snapshot(mode, before.since(), reason, failure, before.tag());
      LOG.debug("Still {}: {}", mode, reason);
      return;
    }
    // A drain ends without a new stay: calls that began during it are as good as later ones.
    long tag = before.usable() == (mode != Mode.FALLEN_BACK) ? before.tag() : before.tag() + 1;
    snapshot = new Snapshot(mode, clock.instant(), reason, failure, tag);
    switch (mode) {
      case FALLEN_BACK ->
          LOG.warn(
              "Fallen back to the local files ({}). Reads and writes go on; writes are kept as"
                  + " pending and sent when the database returns.",
              reason);
      case RESYNCING ->
          LOG.info(
              "{} Other nodes see each of them once it is sent.",
              before.usable()
                  ? "Some changes that the database did not take at once are being sent to it."
                  : "The database is in use again. Changes made meanwhile are being sent to it.");
      case IN_USE -> LOG.info("The database is in use ({}).", reason);
      case LOCAL_ONLY -> throw new IllegalStateException("a hybrid store has a database");
    }
    onChange.run();
  }
}
