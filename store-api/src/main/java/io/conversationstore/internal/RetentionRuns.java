package io.conversationstore.internal;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.StoreEngine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Runs retention by a schedule: claims a run, carries out the rules, logs what it did and waits for
 * the next one. An error ends the rule, or the run if the store is unavailable, and is logged once
 * while it lasts; the next run tries again. Attempts run one after the other on a thread of the
 * timer. Thread-safe.
 */
final class RetentionRuns {

  /** The name of the job. */
  static final String JOB = "retention";

  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);

  /** Nodes that start together do not ask together. */
  private static final long MOST_JITTER_MILLIS = 10_000;

  /** A claim is renewed several times before it would end. */
  private static final int RENEWALS = 4;

  private final StoreEngine engine;
  private final RetentionSchedule schedule;
  private final JobClaims claims;
  private final JobTimer timer;
  private final UUID node;
  private final Consumer<String> info;
  private final BiConsumer<String, @Nullable Throwable> warn;
  private final Duration jitter;
  private volatile boolean stopped;

  /** What failed at the last attempt. Only used by the attempts. */
  private Set<String> failures = new HashSet<>();

  RetentionRuns(
      StoreEngine engine,
      RetentionSchedule schedule,
      JobClaims claims,
      JobTimer timer,
      UUID node,
      Consumer<String> info,
      BiConsumer<String, @Nullable Throwable> warn) {
    this.engine = engine;
    this.schedule = schedule;
    this.claims = claims;
    this.timer = timer;
    this.node = node;
    this.info = info;
    this.warn = warn;
    this.jitter =
        Duration.ofMillis(Math.floorMod(node.getLeastSignificantBits(), MOST_JITTER_MILLIS));
  }

  void start() {
    timer.schedule(this::attempt, FIRST_WAIT.plus(jitter));
  }

  /** Ends the schedule; a running attempt ends when the engine is closed. */
  void stop() {
    stopped = true;
    timer.stop();
  }

  /** Waits for a bounded time until a running attempt has ended. */
  boolean awaitEnd() {
    return timer.awaitEnd();
  }

  private void attempt() {
    Duration wait = schedule.interval();
    Attempt attempt = new Attempt();
    try {
      JobClaims.Claim claim = claims.claim(JOB, node, schedule.interval());
      if (claim.isGranted()) {
        attempt.run(claim.now());
      } else if (claim.remaining().compareTo(wait) < 0) {
        wait = claim.remaining().plus(jitter);
      }
    } catch (RuntimeException | Error e) {
      attempt.failed(e);
    } finally {
      failures = attempt.failed;
      if (!stopped) {
        timer.schedule(this::attempt, wait);
      }
    }
  }

  /** Until the run has ended, so that no other node begins one beside a long one. */
  private void renewUntil(AtomicBoolean ended) {
    timer.schedule(
        () -> {
          if (!ended.get() && !stopped) {
            renew();
            renewUntil(ended);
          }
        },
        schedule.interval().dividedBy(RENEWALS));
  }

  private void renew() {
    try {
      claims.renew(JOB, node);
    } catch (ConversationStoreException unavailable) {
      // The run meets the same failure and reports it; the next renewal tries again.
    }
  }

  /** One attempt: what it did and what failed. */
  private final class Attempt {
    private final List<String> done = new ArrayList<>();
    private final Set<String> failed = new HashSet<>();
    private boolean unavailable;

    void run(Instant now) {
      AtomicBoolean ended = new AtomicBoolean();
      renewUntil(ended);
      try {
        rule(
            schedule.messageAge(),
            age -> engine.deleteMessagesBefore(now.minus(age)),
            "messages deleted");
        rule(
            schedule.archiveAfter(),
            idle -> engine.archiveIdleBefore(now.minus(idle)),
            "conversations archived");
        rule(schedule.purgeAfter(), engine::purgeDeleted, "deleted rows purged");
      } finally {
        ended.set(true);
        if (!done.isEmpty()) {
          info.accept("Retention: " + String.join(", ", done));
        }
      }
    }

    /** A rule that fails, for example on a locked conversation, does not hold up the next one. */
    private void rule(Optional<Duration> age, ToLongFunction<Duration> work, String what) {
      if (age.isEmpty() || unavailable || stopped) {
        return;
      }
      try {
        long count = work.applyAsLong(age.get());
        if (count > 0) {
          done.add(count + " " + what);
        }
      } catch (RuntimeException | Error e) {
        unavailable = endsRun(e);
        failed(e);
      }
    }

    private static boolean endsRun(Throwable e) {
      return e instanceof EngineFailureException failure
          ? failure.kind() != FailureKind.CONTENTION && failure.kind() != FailureKind.UNEXPECTED
          : e instanceof StoreUnavailableException;
    }

    void failed(Throwable e) {
      if (stopped) {
        return;
      }
      boolean known = e instanceof ConversationStoreException;
      String cause = known ? String.valueOf(e.getMessage()) : e.toString();
      failed.add(cause);
      if (!failures.contains(cause)) {
        warn.accept("Retention failed; the next run retries it: " + cause, known ? null : e);
      }
    }
  }
}
