package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.StoreConfigurationException;
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
import io.conversationstore.hybrid.internal.outbox.TargetResolver;
import io.conversationstore.hybrid.internal.overlay.OverlayFigures;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.restore.NewHistory;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.hybrid.internal.support.NodeContext;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.UuidV7;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wiring of a node: makes the parts of all rooms from the lowest up, gives each what it needs,
 * and starts and closes them in order. The listeners at the end connect rooms that must not know
 * each other.
 */
final class HybridWiring {

  private static final Logger LOG = LoggerFactory.getLogger(HybridWiring.class);

  private final PrimaryStore primary;
  private final HybridOptions options;
  private final NodeContext node;
  private final NodeLifecycle lifecycle;
  private final RecentCommits recentCommits;
  private final DatabaseHandshake handshake;
  private final Availability availability;
  private final WriteBehindMirror local;
  private final MirrorPump mirror;
  private final LocalQueue queue;
  private final ParkedChanges parked;
  private final NodePumps pumps;
  private final Reconnection reconnection;
  private final NodeState state;
  private final HybridEngine engine;

  HybridWiring(
      PrimaryStore primary, LocalStore files, HybridOptions options, NodeScheduler scheduler) {
    this.primary = primary;
    this.options = options;
    // support
    NodeClock clock = new NodeClock(options.clock(), files.identity().clockOffsetMicros());
    this.node = new NodeContext(clock, scheduler);
    this.lifecycle = new NodeLifecycle(scheduler, this::closeParts);
    // connection
    RejectedChanges rejectedChanges = new RejectedChanges(files.parked());
    this.recentCommits = new RecentCommits(scheduler::nanoTime);
    this.handshake = new DatabaseHandshake(primary, files, clock, recentCommits);
    // mirror
    MissedStates missed = new MissedStates();
    CopyLimits limits = MirrorLimits.of(options.copyLimits(), files);
    MirrorScope scope = new MirrorScope(primary, files, limits, scheduler);
    this.mirror =
        new MirrorPump(
            primary,
            files,
            node,
            options.feedPage(),
            missed,
            scope,
            new MirrorDiskLimit(files, limits),
            new OfMirror());
    this.local = new WriteBehindMirror(files, scheduler, mirror::put, this::wakeDrain);
    HistoryWatch watch = new HistoryWatch(primary, local, handshake);
    // overlay
    MaybeSentChanges maybeSent = new MaybeSentChanges();
    OverlayReader reader =
        new OverlayReader(
            local, missed, maybeSent::mayBeSent, node.baseLocks(), this::requireUsable);
    // outbox
    this.queue = new LocalQueue(local, reader, maybeSent, rejectedChanges, clock::now, scheduler);
    Drain drain =
        new Drain(
            primary,
            local,
            node,
            options.drainBatch(),
            maybeSent,
            rejectedChanges,
            watch,
            new OfDrain());
    UuidV7 ids = new UuidV7(options.clock(), options.random());
    this.parked = new ParkedChanges(local, queue, rejectedChanges, clock, ids);
    DrainPace pace =
        new DrainPace(options.random(), options.firstProbe(), options.longestProbe(), scheduler);
    // restore, adoption
    NewHistory newHistory = new NewHistory(primary, local, queue, mirror, handshake, clock::now);
    Adoption adoption =
        new Adoption(primary, local, clock, handshake, recentCommits, new OfAdoption());
    // Late: from here on, nothing fails and leaves its circuit breaker in the registry.
    this.availability =
        new Availability(
            options.clock(),
            options.circuitBreakers(),
            local::hasPending,
            this::lost,
            this::stateChanged);
    // the node
    this.pumps =
        new NodePumps(lifecycle, availability, handshake, drain, pace, mirror, parked, this::lost);
    this.reconnection =
        new Reconnection(
            lifecycle, scheduler, options, availability, handshake, newHistory, adoption, pumps);
    this.state =
        new NodeState(node, local, availability, mirror, scope, drain, adoption, rejectedChanges);
    // calls
    CommittedStates committed = new CommittedStates(local, mirror, recentCommits, queue, parked);
    this.engine =
        new HybridEngine(
            primary,
            local,
            lifecycle,
            availability,
            pace,
            watch,
            new TargetResolver(watch, local, clock, committed::copy),
            queue,
            committed,
            new HybridReads(primary, local, lifecycle, availability, pace, reader, clock),
            new OperatorCalls(
                primary,
                lifecycle,
                availability,
                new OverlayFigures(primary, local, reader, clock::now),
                parked,
                state,
                new NodeHealth(primary, local, availability, mirror, scope, pumps, reconnection),
                pumps));
  }

  HybridEngine engine() {
    return engine;
  }

  /** Claims for jobs of the store, while the database is in use. */
  ClaimsInUse claims() {
    return new ClaimsInUse(primary, availability);
  }

  /**
   * Tries the database once and starts the background work.
   *
   * @throws StoreConfigurationException if the directory belongs to another database
   */
  void start() {
    recentCommits.begin(local);
    // A crash may have interrupted this after an erasure.
    parked.tryForgetErased();
    reconnection.start();
    node.scheduler().repeat(pumps::runMirror, options.mirrorInterval().toMillis());
  }

  void close() {
    lifecycle.close();
  }

  private void closeParts() {
    availability.closing();
    node.scheduler().stop();
    // Closing the database first ends the calls that the pumps wait for.
    primary.close();
    if (!node.scheduler().awaitEnd()) {
      LOG.warn("A background task still waits for the database; it ends at its time-out");
    }
    local.close();
    availability.close();
  }

  // Parts that are made later than those that call them

  private void lost() {
    reconnection.lost();
  }

  private void stateChanged() {
    state.changed();
  }

  private void wakeDrain() {
    pumps.wakeDrain();
  }

  private void requireUsable() {
    availability.requireUsable();
  }

  private final class OfMirror implements MirrorPump.Listener {
    @Override
    public void beforeMirroring() {
      handshake.record();
    }

    @Override
    public void committed(List<? extends State> states) {
      recentCommits.add(states);
    }

    @Override
    public void mirrored() {
      queue.forgetViews();
    }

    @Override
    public void contradicted() {
      handshake.reportWentBack(
          "its rows contradict the local copy of this node", handshake.historyCount());
      if (!lifecycle.isClosed()) {
        availability.failed(availability.tag(), HistoryWatch.failure());
      }
    }
  }

  private final class OfDrain implements Drain.Listener {
    @Override
    public boolean mirror(List<? extends State> states) {
      return node.baseLocks().mirroring(() -> mirror.mirrorCommitted(states));
    }

    @Override
    public void settle(List<Settlement> settlements) {
      queue.settle(settlements);
    }
  }

  private final class OfAdoption implements Adoption.Listener {
    @Override
    public void refused(Change change) {
      queue.change(() -> local.enqueue(change));
    }

    @Override
    public void changeMirror(Runnable action) {
      mirror.change(queue::change, action);
    }
  }
}
