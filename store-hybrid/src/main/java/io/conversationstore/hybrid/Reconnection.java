package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.internal.adoption.Adoption;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.connection.DatabaseHandshake;
import io.conversationstore.hybrid.internal.restore.NewHistory;
import io.conversationstore.hybrid.internal.support.Backoff;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.hybrid.internal.support.RepeatedFailureFilter;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way back to a lost database: probes it with growing, jittered waits, compares it with the one
 * that the directory belongs to, enters a new history if it went back in time, sends it the earlier
 * contents of the directory, and takes it into use. Thread-safe.
 */
final class Reconnection {

  private static final Logger LOG = LoggerFactory.getLogger(Reconnection.class);

  private final NodeLifecycle lifecycle;
  private final NodeScheduler scheduler;
  private final Availability availability;
  private final DatabaseHandshake handshake;
  private final NewHistory newHistory;
  private final Adoption adoption;
  private final NodePumps pumps;
  private final Backoff probes;
  private final long longestProbeNanos;

  /** Whether a probe waits or runs. */
  private final AtomicBoolean probing = new AtomicBoolean();

  private final RepeatedFailureFilter adoptionFailures = new RepeatedFailureFilter();
  private final RepeatedFailureFilter probeFailures = new RepeatedFailureFilter();

  /** Scheduler time at which the database was last taken into use. */
  private volatile long usedSince;

  /**
   * @param pumps resumed when the database is taken into use
   */
  Reconnection(
      NodeLifecycle lifecycle,
      NodeScheduler scheduler,
      HybridOptions options,
      Availability availability,
      DatabaseHandshake handshake,
      NewHistory newHistory,
      Adoption adoption,
      NodePumps pumps) {
    this.lifecycle = lifecycle;
    this.scheduler = scheduler;
    this.availability = availability;
    this.handshake = handshake;
    this.newHistory = newHistory;
    this.adoption = adoption;
    this.pumps = pumps;
    this.probes = new Backoff(options.random(), options.firstProbe(), options.longestProbe());
    this.longestProbeNanos = options.longestProbe().toNanos();
  }

  /**
   * Tries the database once, so a store that opens while it works begins with it. Longer work
   * continues in the background.
   *
   * @throws StoreConfigurationException if the directory belongs to another database
   */
  void start() {
    DatabaseHandshake.Finding finding = tryReach();
    if (finding instanceof DatabaseHandshake.Refusal refusal && refusal.otherDatabase()) {
      throw new StoreConfigurationException(refusal.reason());
    }
    if (!availability.usable()) {
      scheduleProbe();
    }
  }

  /** The database was lost. */
  void lost() {
    // A database that answers probes but fails afterwards is not probed in a tight loop.
    if (scheduler.nanoTime() - usedSince > longestProbeNanos) {
      probes.succeeded();
    } else {
      probes.failed();
    }
    scheduleProbe();
  }

  /** The present failure of the probe, without content; null while it works. */
  @Nullable String failure() {
    return probeFailures.last();
  }

  /** At most one probe waits or runs at a time. */
  private void scheduleProbe() {
    if (!probing.compareAndSet(false, true)) {
      return;
    }
    lifecycle.schedule(this::probe, probes.millis());
  }

  private void probe() {
    try {
      if (lifecycle.isClosed() || availability.usable()) {
        return;
      }
      DatabaseHandshake.Finding finding = tryReach();
      boolean reached = finding instanceof DatabaseHandshake.Usable;
      if (finding instanceof DatabaseHandshake.WentBack wentBack) {
        reached = enter(wentBack);
      }
      if (reached && adoption.isDue()) {
        adopt();
      }
      if (!availability.usable()) {
        probes.failed();
      }
    } finally {
      probing.set(false);
      if (!availability.usable()) {
        scheduleProbe();
      }
    }
  }

  /** Reaches the database and uses it if allowed; null if it was not reached. */
  private DatabaseHandshake.@Nullable Finding tryReach() {
    DatabaseHandshake.Finding finding = null;
    try {
      finding = handshake.reach();
    } catch (StoreUnavailableException e) {
      notYet(e);
      return null;
    } catch (RuntimeException | VirtualMachineError e) {
      if (!lifecycle.isClosed()) {
        probeFailures.isNew(e);
        LOG.error("The probe of the database failed; it is retried", e);
      }
      return null;
    }
    probeFailures.isOver();
    if (finding instanceof DatabaseHandshake.Refusal refusal) {
      availability.refused(refusal.reason());
    } else if (finding instanceof DatabaseHandshake.WentBack wentBack) {
      availability.refused(
          "the database went back in time ("
              + wentBack.reason()
              + "); this node resends what the database lost");
    } else {
      use();
    }
    return finding;
  }

  private void notYet(StoreUnavailableException e) {
    LOG.debug("The database is not usable yet: {}", e.getMessage());
    availability.refused(String.valueOf(e.getMessage()));
  }

  /** Takes the database into use, once it has everything that this node held before meeting it. */
  private void use() {
    if (adoption.isDue()) {
      availability.refused(
          "the database responds; the earlier contents of the local files are being sent");
      return;
    }
    usedSince = scheduler.nanoTime();
    availability.reached();
    pumps.resume();
  }

  /** If interrupted, it is restarted at the next probe. */
  private boolean enter(DatabaseHandshake.WentBack wentBack) {
    try {
      if (newHistory.enter(wentBack, () -> !lifecycle.isClosed())) {
        use();
        return true;
      }
    } catch (StoreUnavailableException e) {
      notYet(e);
    } catch (RuntimeException e) {
      if (!lifecycle.isClosed()) {
        LOG.error("What the database lost could not be resent; the resend is retried", e);
      }
    }
    return false;
  }

  /** If interrupted, it is resumed at the next probe. */
  private void adopt() {
    try {
      if (adoption.run(() -> !lifecycle.isClosed())) {
        use();
      }
    } catch (StoreUnavailableException e) {
      notYet(e);
    } catch (RuntimeException e) {
      if (!lifecycle.isClosed()) {
        availability.refused(
            "the earlier contents of the local files could not be sent: " + e.getMessage());
        adoptionFailures.warn(
            LOG,
            "The earlier contents of the local files could not be sent to the database; sending is"
                + " retried",
            e);
      }
    }
  }
}
