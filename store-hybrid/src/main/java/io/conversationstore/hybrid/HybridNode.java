package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.internal.adoption.Adoption;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.connection.DatabaseHandshake;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.connection.RecentCommits;
import io.conversationstore.hybrid.internal.mirror.MirrorDiskLimit;
import io.conversationstore.hybrid.internal.mirror.MirrorLimits;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.mirror.MirrorScope;
import io.conversationstore.hybrid.internal.mirror.MissedStates;
import io.conversationstore.hybrid.internal.mirror.WriteBehindMirror;
import io.conversationstore.hybrid.internal.outbox.Drain;
import io.conversationstore.hybrid.internal.outbox.DrainPace;
import io.conversationstore.hybrid.internal.outbox.LocalQueue;
import io.conversationstore.hybrid.internal.outbox.MaybeSentChanges;
import io.conversationstore.hybrid.internal.outbox.ParkedChanges;
import io.conversationstore.hybrid.internal.outbox.RejectedChanges;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.restore.NewHistory;
import io.conversationstore.hybrid.internal.support.Backoff;
import io.conversationstore.hybrid.internal.support.BaseLocks;
import io.conversationstore.hybrid.internal.support.CoalescingTask;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.hybrid.internal.support.RepeatedFailureFilter;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.StateListeners;
import io.conversationstore.spi.UuidV7;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The background work of a node: the prober that finds the way back to a lost database, the drain
 * that sends pending changes, and the pump that keeps the local copy. Also holds the parts that
 * these share with {@link HybridEngine}. Thread-safe.
 */
final class HybridNode {

  private static final Logger LOG = LoggerFactory.getLogger(HybridNode.class);

  private final PrimaryStore primary;
  private final WriteBehindMirror local;
  private final HybridOptions options;
  private final NodeClock clock;
  private final BaseLocks baseLocks;
  private final MaybeSentChanges maybeSent = new MaybeSentChanges();
  private final MissedStates missed = new MissedStates();
  private final RejectedChanges rejectedChanges;
  private final OverlayReader reader;
  private final LocalQueue queue;
  private final MirrorScope scope;
  private final MirrorPump mirror;
  private final Drain drain;
  private final DrainPace pace;
  private final ParkedChanges parked;
  private final RecentCommits recentCommits;
  private final DatabaseHandshake handshake;
  private final HistoryWatch watch;
  private final NewHistory newHistory;
  private final Adoption adoption;
  private final Availability availability;
  private final StateListeners listeners = new StateListeners(LOG::warn);
  private final NodeScheduler scheduler;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Backoff probes;
  private final AtomicBoolean probing = new AtomicBoolean();
  private final CoalescingTask drainTask;
  private final CoalescingTask mirrorTask;
  private final RepeatedFailureFilter drainFailures = new RepeatedFailureFilter();
  private final RepeatedFailureFilter adoptionFailures = new RepeatedFailureFilter();
  private final RepeatedFailureFilter mirrorFailures = new RepeatedFailureFilter();
  private final RepeatedFailureFilter probeFailures = new RepeatedFailureFilter();

  /** Scheduler time at which the database was last taken into use. */
  private volatile long usedSince;

  HybridNode(
      PrimaryStore primary, LocalStore files, HybridOptions options, NodeScheduler scheduler) {
    this.primary = primary;
    this.options = options;
    this.scheduler = scheduler;
    this.baseLocks = new BaseLocks(scheduler);
    this.clock = new NodeClock(options.clock(), files.identity().clockOffsetMicros());
    this.rejectedChanges = new RejectedChanges(files.parked());
    this.recentCommits = new RecentCommits(scheduler::nanoTime);
    this.handshake = new DatabaseHandshake(primary, files, clock, recentCommits);
    CopyLimits limits = MirrorLimits.of(options.copyLimits(), files);
    this.scope = new MirrorScope(primary, files, limits, scheduler);
    this.mirror =
        new MirrorPump(
            primary,
            files,
            clock,
            options.feedPage(),
            baseLocks,
            scheduler,
            missed,
            recentCommits,
            scope,
            new MirrorDiskLimit(files, limits),
            handshake::record,
            this::forgetViews,
            this::contradicted);
    this.local = new WriteBehindMirror(files, scheduler, mirror::put, this::wakeDrain);
    this.watch = new HistoryWatch(primary, local, handshake);
    this.reader =
        new OverlayReader(local, missed, maybeSent::mayBeSent, baseLocks, this::requireUsable);
    this.queue = new LocalQueue(local, reader, maybeSent, rejectedChanges, clock::now, scheduler);
    this.drain =
        new Drain(
            primary,
            local,
            maybeSent,
            rejectedChanges,
            clock,
            options.drainBatch(),
            states -> baseLocks.mirroring(() -> mirror.mirrorCommitted(states)),
            queue::settle,
            this::settleAnew,
            baseLocks,
            watch,
            scheduler);
    this.parked =
        new ParkedChanges(
            local, queue, rejectedChanges, clock, new UuidV7(options.clock(), options.random()));
    this.newHistory = new NewHistory(primary, local, queue, mirror, handshake, clock::now);
    this.adoption =
        new Adoption(
            primary,
            local,
            refused -> queue.change(() -> local.enqueue(refused)),
            action -> mirror.change(queue::change, action),
            handshake::record,
            recentCommits::add,
            clock::now);
    this.probes = new Backoff(options.random(), options.firstProbe(), options.longestProbe());
    this.pace =
        new DrainPace(options.random(), options.firstProbe(), options.longestProbe(), scheduler);
    this.availability =
        new Availability(
            options.clock(), options.circuitBreakers(), this::lost, this::notifyListeners);
    this.drainTask = new CoalescingTask(this::drain);
    this.mirrorTask = new CoalescingTask(this::follow);
  }

  /**
   * Tries the database once, so a store that opens while it works begins with it, and starts the
   * pumps.
   *
   * @throws StoreConfigurationException if the directory belongs to another database
   */
  void start() {
    recentCommits.begin(local);
    // A crash may have interrupted this after an erasure.
    forgetParked();
    // Longer work continues in the background.
    DatabaseHandshake.Finding finding = tryReach();
    if (finding instanceof DatabaseHandshake.Refusal refusal && refusal.otherDatabase()) {
      throw new StoreConfigurationException(refusal.reason());
    }
    if (!availability.usable()) {
      scheduleProbe();
    }
    scheduler.repeat(mirrorTask::run, options.mirrorInterval().toMillis());
  }

  Availability availability() {
    return availability;
  }

  WriteBehindMirror local() {
    return local;
  }

  LocalQueue queue() {
    return queue;
  }

  OverlayReader reader() {
    return reader;
  }

  HistoryWatch watch() {
    return watch;
  }

  /** Descriptions of the present failures of drain, feed and probe; empty if all work. */
  List<String> pumpFailures() {
    List<String> failures = new ArrayList<>();
    addFailure(failures, "pending changes are not sent", drainFailures);
    addFailure(failures, "the local copy is not updated", mirrorFailures);
    addFailure(failures, "the database is not probed", probeFailures);
    return failures;
  }

  private static void addFailure(List<String> failures, String what, RepeatedFailureFilter filter) {
    String last = filter.last();
    if (last != null) {
      failures.add(what + " (" + last + "); it is retried");
    }
  }

  /** Tables and keys of unreadable rows of the database. */
  Set<String> unreadRows() {
    return scope.unread();
  }

  ParkedChanges parked() {
    return parked;
  }

  MirrorPump mirror() {
    return mirror;
  }

  /** Copies states that this node just committed or looked up, soon. */
  void mirrorCommitted(List<? extends State> states) {
    if (states.stream().anyMatch(State.OwnerState.class::isInstance)) {
      mirrorCommittedNow(states);
      return;
    }
    recentCommits.add(states);
    local.defer(states);
    // Also while nothing is pending: a view outlives the call that created it.
    queue.forgetViews(states);
  }

  /**
   * Copies states at once; returns whether they were copied. Afterwards no file holds erased
   * content.
   */
  boolean mirrorCommittedNow(List<? extends State> states) {
    local.flush();
    boolean copied = mirror.mirrorCommitted(states);
    queue.forgetViews(states);
    forgetParked();
    return copied;
  }

  /** The feed position is reset first: after a crash the changes are sent and settled again. */
  private void settleAnew(List<Settlement> settlements) {
    mirror.change(
        queue::change,
        () -> {
          local.mirror(List.of(), FeedPosition.START, null);
          local.settle(settlements);
        });
  }

  private void forgetViews() {
    queue.forgetViews();
  }

  private void forgetParked() {
    try {
      parked.forgetErased();
    } catch (EngineFailureException | StoreDamagedException e) {
      LOG.warn("Parked changes of an erased owner could not be removed; the removal is retried", e);
    }
  }

  NodeClock clock() {
    return clock;
  }

  /** A caller is about to use the database. */
  void liveCall() {
    pace.liveCall();
  }

  void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the store is closed");
    }
  }

  /** For a read that waited, possibly for a call that the database did not answer. */
  private void requireUsable() {
    Availability.Snapshot snapshot = availability.snapshot();
    if (!snapshot.usable()) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE,
          false,
          "the database became unavailable meanwhile: " + snapshot.reason(),
          snapshot.failure());
    }
  }

  private boolean shouldContinue() {
    return !closed.get() && availability.usable();
  }

  // The way back

  /** Committed rows and the copy cannot belong to one history of the database. */
  private void contradicted() {
    handshake.reportWentBack(
        "its rows contradict the local copy of this node", handshake.historyCount());
    failed(availability.tag(), HistoryWatch.failure());
  }

  private void lost() {
    // A database that answers probes but fails afterwards is not probed in a tight loop.
    if (scheduler.nanoTime() - usedSince > options.longestProbe().toNanos()) {
      probes.succeeded();
    } else {
      probes.failed();
    }
    scheduleProbe();
  }

  /** At most one probe waits or runs at a time. */
  private void scheduleProbe() {
    if (!probing.compareAndSet(false, true)) {
      return;
    }
    schedule(this::probe, probes.millis());
  }

  private void probe() {
    try {
      if (closed.get() || availability.usable()) {
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
      if (!closed.get()) {
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
    availability.reached(local::hasPending);
    schedule(drainTask::run, pace.waitLeft());
    wakeMirror();
  }

  /** If interrupted, it is restarted at the next probe. */
  private boolean enter(DatabaseHandshake.WentBack wentBack) {
    try {
      if (newHistory.enter(wentBack, () -> !closed.get())) {
        use();
        return true;
      }
    } catch (StoreUnavailableException e) {
      notYet(e);
    } catch (RuntimeException e) {
      if (!closed.get()) {
        LOG.error("What the database lost could not be resent; the resend is retried", e);
      }
    }
    return false;
  }

  /** If interrupted, it is resumed at the next probe. */
  private void adopt() {
    try {
      if (adoption.run(() -> !closed.get())) {
        use();
      }
    } catch (StoreUnavailableException e) {
      notYet(e);
    } catch (RuntimeException e) {
      if (!closed.get()) {
        availability.refused(
            "the earlier contents of the local files could not be sent: " + e.getMessage());
        logOnce(
            adoptionFailures,
            "The earlier contents of the local files could not be sent to the database; sending is"
                + " retried",
            e);
      }
    }
  }

  // The pumps

  /** A change was queued; the state reflects it. */
  void queued() {
    availability.queued(local::hasPending);
  }

  /** Sends pending changes: soon, or after the drain's wait for a failure. */
  void wakeDrain() {
    if (availability.usable() && pace.waitLeft() == 0) {
      schedule(drainTask::run, 0);
    }
  }

  /** Follows the feed soon. */
  void wakeMirror() {
    schedule(mirrorTask::run, 0);
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
      availability.drained(local::hasPending);
    } catch (EngineFailureException e) {
      if (pace.waitLeft() == 0) {
        pace.waitAfterFailure();
      }
      retryDrain(e);
    } catch (RuntimeException | Error e) {
      // Includes OutOfMemoryError: pending changes must not get stuck silently.
      if (!closed.get()) {
        logOnce(drainFailures, "Pending changes could not be sent; sending is retried", e);
        pace.waitAfterFailure();
        retryDrain(e);
      }
    }
  }

  /** Failures while the node closes say nothing about the database. */
  private void failed(long tag, EngineFailureException failure) {
    if (!closed.get()) {
      availability.failed(tag, failure);
    }
  }

  /** The wait starts before the database is marked as lost: a successful probe observes it too. */
  private void putOff(long tag, EngineFailureException failure) {
    pace.waitAfterFailure();
    failed(tag, failure);
  }

  /** Continues after the wait; if the database was lost, {@link #use} restarts the drain. */
  private void retryDrain(Throwable cause) {
    if (shouldContinue()) {
      LOG.debug("The drain pauses after a failure", cause);
      schedule(drainTask::run, pace.waitLeft());
    }
  }

  private static void logOnce(RepeatedFailureFilter filter, String what, Throwable e) {
    if (filter.isNew(e)) {
      LOG.warn(what, e);
    } else {
      LOG.debug(what, e);
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
        forgetParked();
      }
    } catch (CursorExpiredException anotherHistory) {
      // Enough by itself: after a restart the node may remember nothing else that was lost.
      handshake.reportWentBack("its feed does not have the position of this node", histories);
      availability.refused("the database may have gone back in time; the next contact checks this");
      lost();
    } catch (EngineFailureException e) {
      failed(tag, e);
    } catch (RuntimeException | VirtualMachineError e) {
      // Includes OutOfMemoryError: the copy must not stall silently.
      if (!closed.get()) {
        logOnce(
            mirrorFailures,
            "The local copy could not be updated from the feed of the database; the update is"
                + " retried",
            e);
      }
    }
  }

  private void schedule(Runnable task, long millis) {
    if (!closed.get()) {
      scheduler.schedule(task, millis);
    }
  }

  // State

  StoreState state() {
    Availability.Snapshot snapshot = availability.snapshot();
    Instant asOf = local.identity().mirrorAsOf();
    Duration lag = null;
    if (asOf != null) {
      Duration since = Duration.between(asOf, clock.now());
      lag = since.isNegative() ? Duration.ZERO : since;
    }
    return new StoreState(
        snapshot.mode(),
        snapshot.since(),
        snapshot.reason(),
        local.pendingFigures(),
        new StoreState.Mirror(asOf, lag, mirror.dirty(), scope.coverage()),
        drain.progress(),
        adoption.progress(),
        rejectedChanges.list());
  }

  AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return listeners.add(listener);
  }

  private void notifyListeners() {
    scheduler.dispatch(listeners.telling(state()));
  }

  void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    availability.closing();
    scheduler.stop();
    // Closing the database first ends the calls that the pumps wait for.
    primary.close();
    if (!scheduler.awaitEnd()) {
      LOG.warn("A background task still waits for the database; it ends at its time-out");
    }
    local.close();
    availability.close();
  }
}
