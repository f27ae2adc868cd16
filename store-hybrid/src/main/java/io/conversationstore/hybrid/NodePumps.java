package io.conversationstore.hybrid;

import io.conversationstore.CursorExpiredException;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.connection.DatabaseHandshake;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.outbox.Drain;
import io.conversationstore.hybrid.internal.outbox.DrainPace;
import io.conversationstore.hybrid.internal.outbox.ParkedChanges;
import io.conversationstore.hybrid.internal.support.CoalescingTask;
import io.conversationstore.hybrid.internal.support.RepeatedFailureFilter;
import io.conversationstore.spi.EngineFailureException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two pumps while the database is in use: the drain sends pending changes, the feed keeps the
 * local copy. A pump that fails, even with an {@code Error}, is restarted. Thread-safe.
 */
final class NodePumps {

  private static final Logger LOG = LoggerFactory.getLogger(NodePumps.class);

  private final NodeLifecycle lifecycle;
  private final Availability availability;
  private final DatabaseHandshake handshake;
  private final Drain drain;
  private final DrainPace pace;
  private final MirrorPump mirror;
  private final ParkedChanges parked;
  private final Runnable onLost;
  private final CoalescingTask drainTask = new CoalescingTask(this::drain);
  private final CoalescingTask mirrorTask = new CoalescingTask(this::follow);
  private final RepeatedFailureFilter drainFailures = new RepeatedFailureFilter();
  private final RepeatedFailureFilter mirrorFailures = new RepeatedFailureFilter();

  /**
   * @param onLost called when the feed shows that the database must be probed again
   */
  NodePumps(
      NodeLifecycle lifecycle,
      Availability availability,
      DatabaseHandshake handshake,
      Drain drain,
      DrainPace pace,
      MirrorPump mirror,
      ParkedChanges parked,
      Runnable onLost) {
    this.lifecycle = lifecycle;
    this.availability = availability;
    this.handshake = handshake;
    this.drain = drain;
    this.pace = pace;
    this.mirror = mirror;
    this.parked = parked;
    this.onLost = onLost;
  }

  /** The database was taken into use. */
  void resume() {
    lifecycle.schedule(drainTask::run, pace.waitLeft());
    wakeMirror();
  }

  /** Sends pending changes: soon, or after the drain's wait for a failure. */
  void wakeDrain() {
    if (availability.usable() && pace.waitLeft() == 0) {
      lifecycle.schedule(drainTask::run, 0);
    }
  }

  /** Follows the feed soon. */
  void wakeMirror() {
    lifecycle.schedule(mirrorTask::run, 0);
  }

  /** Follows the feed now, if the database is in use. */
  void runMirror() {
    mirrorTask.run();
  }

  /** The present failure of the drain, without content; null while it works. */
  @Nullable String drainFailure() {
    return drainFailures.last();
  }

  /** The present failure of the feed, without content; null while it works. */
  @Nullable String mirrorFailure() {
    return mirrorFailures.last();
  }

  private boolean shouldContinue() {
    return !lifecycle.isClosed() && availability.usable();
  }

  private void drain() {
    if (pace.waitLeft() > 0) {
      // Woken just before it failed; the failed run was postponed.
      return;
    }
    long tag = availability.tag();
    try {
      drain.run(
          this::shouldContinue,
          nanos -> pace.rest(nanos, this::shouldContinue),
          failure -> putOff(tag, failure));
      drainFailures.isOver();
      availability.drained();
    } catch (EngineFailureException e) {
      if (pace.waitLeft() == 0) {
        pace.waitAfterFailure();
      }
      retryDrain(e);
    } catch (RuntimeException | Error e) {
      // Includes OutOfMemoryError: pending changes must not get stuck silently.
      if (!lifecycle.isClosed()) {
        drainFailures.warn(LOG, "Pending changes could not be sent; sending is retried", e);
        pace.waitAfterFailure();
        retryDrain(e);
      }
    }
  }

  /** Failures while the node closes say nothing about the database. */
  private void failed(long tag, EngineFailureException failure) {
    if (!lifecycle.isClosed()) {
      availability.failed(tag, failure);
    }
  }

  /** The wait starts before the database is marked as lost: a successful probe observes it too. */
  private void putOff(long tag, EngineFailureException failure) {
    pace.waitAfterFailure();
    failed(tag, failure);
  }

  /** Continues after the wait; if the database was lost, {@link #resume} restarts the drain. */
  private void retryDrain(Throwable cause) {
    if (shouldContinue()) {
      LOG.debug("The drain pauses after a failure", cause);
      lifecycle.schedule(drainTask::run, pace.waitLeft());
    }
  }

  private void follow() {
    if (!shouldContinue()) {
      return;
    }
    long tag = availability.tag();
    int histories = handshake.historyCount();
    try {
      mirror.follow(this::shouldContinue);
      mirrorFailures.isOver();
      // It blocks all writes, so it does not run on each feed request.
      if (parked.hasErased()) {
        parked.tryForgetErased();
      }
    } catch (CursorExpiredException anotherHistory) {
      // Enough by itself: after a restart the node may remember nothing else that was lost.
      handshake.reportWentBack("its feed does not have the position of this node", histories);
      availability.refused("the database may have gone back in time; the next contact checks this");
      onLost.run();
    } catch (EngineFailureException e) {
      failed(tag, e);
    } catch (RuntimeException | VirtualMachineError e) {
      // Includes OutOfMemoryError: the copy must not stall silently.
      if (!lifecycle.isClosed()) {
        mirrorFailures.warn(
            LOG,
            "The local copy could not be updated from the feed of the database; the update is"
                + " retried",
            e);
      }
    }
  }
}
