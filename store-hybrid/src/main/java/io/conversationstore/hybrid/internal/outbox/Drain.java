package io.conversationstore.hybrid.internal.outbox;

import static io.conversationstore.spi.ChangeStamp.PRESENT_EPOCH;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.support.BaseLocks;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.hybrid.internal.support.NodeContext;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Rebase;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.Settlement.Kind;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends pending changes to the database in batches and settles them. Changes of one conversation
 * keep their order. A change is applied again with the same id until its outcome is known, so an
 * attempt whose answer was lost does no harm. If one change of a batch is refused, each gets its
 * own answer: a change that the database rejects permanently is parked and a change that a rule
 * forbids is dropped, both with a report, and the others continue. Changes of other conversations
 * also continue while somebody holds a lock on one. A change that fails for an unknown reason is
 * postponed while others succeed, and parked after several failures. Used by one thread at a time;
 * any thread may read its progress.
 */
public final class Drain {

  /** Batches of the queue to look at when much of it waits for a create. */
  private static final int LOOK_AHEAD = 4;

  /** Bytes of the queue read for one batch, unless all of these changes must wait. */
  private static final long WINDOW_BYTES = 2L << 20;

  /** Failures of one change by itself before it is parked. */
  private static final int MOST_FAILURES = 3;

  /** Failures in a row, without a success, after which all changes are assumed to fail. */
  private static final int FAILURES_OF_ALL = 3;

  /** What the drain does to other rooms of the node. */
  public interface Listener {

    /** Puts the states of drained changes into the local copy; false if it cannot. */
    boolean mirror(List<? extends State> states);

    /** Removes finished changes from the queue. */
    void settle(List<Settlement> settlements);
  }

  private final PrimaryStore primary;
  private final LocalStore local;
  private final MaybeSentChanges maybeSent;
  private final RejectedChanges rejectedChanges;
  private final NodeClock clock;
  private final int batch;
  private final Listener listener;
  private final BaseLocks baseLocks;
  private final HistoryWatch watch;
  private final NodeScheduler scheduler;
  private final AtomicReference<StoreState.@Nullable Resync> progress = new AtomicReference<>();

  /** Maximum changes per batch; lowered after a batch that took too long. */
  private int most;

  /**
   * Changes that took too long alone, or failed when all may fail: they go last in the next round.
   */
  private final BlockedSubjects slow = new BlockedSubjects();

  /** Whether anything was settled since the batch began. */
  private boolean settled;

  /** Failures per change while others succeeded. */
  private final Map<UUID, Integer> failures = new HashMap<>();

  /**
   * @param batch maximum changes per batch
   */
  public Drain(
      PrimaryStore primary,
      LocalStore local,
      NodeContext node,
      int batch,
      MaybeSentChanges maybeSent,
      RejectedChanges rejectedChanges,
      HistoryWatch watch,
      Listener listener) {
    this.primary = primary;
    this.local = local;
    this.maybeSent = maybeSent;
    this.rejectedChanges = rejectedChanges;
    this.clock = node.clock();
    this.batch = batch;
    this.most = batch;
    this.baseLocks = node.baseLocks();
    this.scheduler = node.scheduler();
    this.watch = watch;
    this.listener = listener;
  }

  public StoreState.@Nullable Resync progress() {
    return progress.get();
  }

  /**
   * Sends until nothing is pending.
   *
   * @param shouldContinue asked before each batch
   * @param sentBatch receives the duration in nanoseconds of each batch of which something was
   *     sent; may wait
   * @param onFailure receives the failure that ends the drain, except contention, before readers of
   *     the overlay continue: waiting readers then see that the database is lost
   * @throws EngineFailureException if the database fails; sent changes are settled
   * @throws LocalFailureException if the local files fail; sent changes are sent again
   */
  public void run(
      BooleanSupplier shouldContinue,
      LongConsumer sentBatch,
      Consumer<EngineFailureException> onFailure) {
    if (!local.hasPending()) {
      return;
    }
    StoreState.Resync last = progress.get();
    if (last == null || last.ended() != null) {
      progress.set(new StoreState.Resync(clock.now(), null, 0, 0, 0));
    }
    Round round = new Round(onFailure);
    int window = batch;
    // More is held in memory only if all of these changes wait for locks of others.
    long windowBytes = WINDOW_BYTES;
    while (shouldContinue.getAsBoolean()) {
      long start = scheduler.nanoTime();
      settled = false;
      int seen = window;
      long seenBytes = windowBytes;
      // Changes that arrive during the read trigger a drain of their own.
      long there = local.pendingFigures().changes();
      List<Change> pending =
          LocalFailureException.guard(() -> local.pending(seen, seenBytes)).stream()
              .map(Rebase::ontoShown)
              .toList();
      if (parkUnreadable()) {
        continue;
      }
      boolean all = pending.size() >= there;
      List<Change> next =
          DrainBatch.of(pending, slow.with(round.held), this::isToBeSettledFirst, most);
      if (!next.isEmpty()) {
        boolean full = all || DrainBatch.isFull(next, most);
        round.send(next, shouldContinue);
        window = full ? batch : Math.min(Math.max(window, batch * LOOK_AHEAD), window * 2);
        windowBytes = WINDOW_BYTES;
      } else if (!all) {
        // All of these wait for a lock, and there may be other changes behind them.
        window = window * 2;
        windowBytes = windowBytes * 2;
      } else if (!slow.isEmpty()) {
        slow.clear();
        most = 1;
      } else {
        round.end();
        progress.updateAndGet(
            r ->
                r == null
                    ? null
                    : new StoreState.Resync(
                        r.started(), clock.now(), r.drained(), r.dropped(), r.parked()));
        return;
      }
      if (settled) {
        sentBatch.accept(scheduler.nanoTime() - start);
      }
    }
  }

  /**
   * Parks unreadable changes for an operator, because they must not block others; returns whether
   * there were any.
   */
  private boolean parkUnreadable() {
    List<StoreState.Rejected> unreadable = LocalFailureException.guard(local::unreadable);
    for (StoreState.Rejected change : unreadable) {
      rejectedChanges.add(List.of(change));
      settle(List.of(Settlement.of(change.changeId(), Kind.PARKED, change.reason(), change.at())));
    }
    return !unreadable.isEmpty();
  }

  /**
   * Whether later changes of the same subject must wait until this one is settled on disk: they
   * need the generation that a create was given, or must be later than a first attempt whose answer
   * was lost.
   */
  private boolean isToBeSettledFirst(Change change) {
    return change.mayCreate() || (change.writesFields() && maybeSent.mayBeSent(change.id()));
  }

  /** One pass through the queue. */
  private final class Round {
    private final BlockedSubjects held = new BlockedSubjects();
    private final Consumer<EngineFailureException> onFailure;
    private @Nullable EngineFailureException putOff;
    private final Map<Change, EngineFailureException> suspects = new LinkedHashMap<>();
    private boolean anyPassed;

    Round(Consumer<EngineFailureException> onFailure) {
      this.onFailure = onFailure;
    }

    void send(List<Change> changes, BooleanSupplier shouldContinue) {
      changes.forEach(change -> maybeSent.gone(change.id()));
      apply(changes, shouldContinue);
    }

    /**
     * Sends in order, except changes whose subject is locked.
     *
     * @return false if it had to stop and later changes must not be sent now
     */
    private boolean apply(List<Change> changes, BooleanSupplier shouldContinue) {
      List<Change> free = notHeld(changes);
      if (free.isEmpty()) {
        return true;
      }
      if (!shouldContinue.getAsBoolean()) {
        return false;
      }
      if (free.size() == 1) {
        alone(free.get(0));
        return true;
      }
      try {
        Drain.this.together(free, onFailure);
        passed();
        return true;
      } catch (BatchRefusedException refused) {
        return inParts(free, (free.size() + 1) / 2, shouldContinue);
      } catch (EngineFailureException failure) {
        if (isOfTime(failure)) {
          // The same batch would take too long again.
          most = free.size() / 2;
        }
        if (failure.kind() != FailureKind.CONTENTION && !mayBeOfOne(failure)) {
          throw failure;
        }
        return inParts(free, 1, shouldContinue);
      }
    }

    private boolean inParts(List<Change> changes, int size, BooleanSupplier shouldContinue) {
      for (int from = 0; from < changes.size(); from += size) {
        if (!apply(changes.subList(from, Math.min(from + size, changes.size())), shouldContinue)) {
          return false;
        }
      }
      return true;
    }

    private List<Change> notHeld(List<Change> changes) {
      List<Change> free = new ArrayList<>();
      for (Change change : changes) {
        if (held.holds(change)) {
          held.add(change);
        } else {
          free.add(change);
        }
      }
      return free;
    }

    private void alone(Change change) {
      try {
        Drain.this.send(change, onFailure);
        passed();
      } catch (EngineFailureException failure) {
        if (isOfTime(failure)) {
          slow.add(change);
        }
        if (mayBeOfOne(failure)) {
          failed(change, failure);
          return;
        } else if (failure.kind() != FailureKind.CONTENTION) {
          throw failure;
        }
        putOff = failure;
        held.add(change);
      }
    }

    /**
     * A change failed alone. The cause may be specific to it (a trigger) or shared by all (a
     * permission, a table). If others succeed, it is specific.
     */
    private void failed(Change change, EngineFailureException failure) {
      putOff = failure;
      held.add(change);
      if (anyPassed || failures.containsKey(change.id())) {
        failedByItself(change, failure);
        return;
      }
      suspects.put(change, failure);
      if (suspects.size() == FAILURES_OF_ALL) {
        // Others are tried first in the next round.
        suspects.keySet().forEach(slow::add);
        onFailure.accept(failure);
        throw failure;
      }
    }

    private void passed() {
      anyPassed = true;
      suspects.forEach(this::failedByItself);
      suspects.clear();
    }

    private void failedByItself(Change change, EngineFailureException failure) {
      if (failures.merge(change.id(), 1, Integer::sum) >= MOST_FAILURES
          && park(change, String.valueOf(failure.getMessage()), clock.now())) {
        failures.remove(change.id());
      }
    }

    /** Fails if changes are left because they were locked or failed. */
    void end() {
      for (Map.Entry<Change, EngineFailureException> suspect : suspects.entrySet()) {
        // No other change is left to try. An incomplete set-up affects all changes.
        if (suspect.getValue().kind() == FailureKind.MISCONFIGURED) {
          onFailure.accept(suspect.getValue());
          throw suspect.getValue();
        }
        failedByItself(suspect.getKey(), suspect.getValue());
      }
      if (putOff != null) {
        throw putOff;
      }
    }
  }

  /** Whether a failure may be specific to one change. */
  private static boolean mayBeOfOne(EngineFailureException failure) {
    return failure.kind() == FailureKind.UNEXPECTED || failure.kind() == FailureKind.MISCONFIGURED;
  }

  /** Whether the database may have failed because the batch was too large. */
  private static boolean isOfTime(EngineFailureException failure) {
    return failure.kind() == FailureKind.SLOW || failure.kind() == FailureKind.UNAVAILABLE;
  }

  private List<Applied> applying(
      List<Change> changes,
      Supplier<List<Applied>> action,
      Consumer<EngineFailureException> onFailure) {
    HistoryWatch.Before before = LocalFailureException.guard(() -> watch.before(changes));
    return baseLocks.applying(
        changes.stream().map(Change::owner).collect(Collectors.toSet()),
        () -> {
          try {
            return watch.watched(before, action);
          } catch (EngineFailureException failure) {
            if (failure.kind() != FailureKind.CONTENTION && !mayBeOfOne(failure)) {
              onFailure.accept(failure);
            }
            throw failure;
          }
        });
  }

  private void together(List<Change> changes, Consumer<EngineFailureException> onFailure) {
    Instant at = clock.now();
    HistoryWatch.Before sent = watch.before(List.of());
    List<Applied> applied = applying(changes, () -> primary.applyAll(changes), onFailure);
    mirror(rows(changes, applied));
    requireSame(sent);
    List<Settlement> settlements = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      settlements.add(settlement(changes.get(i), applied.get(i), at));
    }
    settle(settlements);
  }

  private void send(Change change, Consumer<EngineFailureException> onFailure) {
    Instant at = clock.now();
    HistoryWatch.Before sent = watch.before(List.of());
    Applied applied;
    try {
      applied =
          applying(
                  List.of(change),
                  () -> List.of(primary.apply(change, ApplyMode.REPLAY)),
                  onFailure)
              .get(0);
    } catch (EngineFailureException unavailable) {
      throw unavailable;
    } catch (ConversationStoreException | IllegalArgumentException refused) {
      if (!park(change, String.valueOf(refused.getMessage()), at)) {
        // Rejected by a conversation that ended meanwhile, and the next one may accept it. At once:
        // the rest of the batch may hold changes behind it.
        send(change, onFailure);
      }
      return;
    }
    mirror(rows(List.of(change), List.of(applied)));
    requireSame(sent);
    settle(List.of(settlement(change, applied, at)));
  }

  /**
   * An answer from before a new history settles nothing: its rows may be lost, and may have reached
   * the copy too late to be offered.
   */
  private void requireSame(HistoryWatch.Before sent) {
    watch.requireSame(sent);
  }

  /**
   * Parks a change for an operator. It joins the conversations that rejected it: an earlier attempt
   * that is still on its way, or one from a copy of this directory, must not create them again
   * after a delete.
   *
   * @return false if such a conversation ended meanwhile; then it is not parked
   */
  private boolean park(Change change, String reason, Instant at) {
    Map<String, Long> rejectedIn = new HashMap<>();
    for (ConversationCreated create : creates(change)) {
      ConversationState there = watch.look(create.owner(), create.conversationId()).conversation();
      if (there != null && there.isLive()) {
        if (!isStillLive(create, there)) {
          return false;
        }
        rejectedIn.put(there.id(), there.generation());
      }
    }
    Set<String> ids = change.namedConversationIds();
    String only = ids.size() == 1 ? ids.iterator().next() : null;
    rejectedChanges.add(List.of(rejected(change, only, true, reason, at)));
    settle(
        List.of(
            new Settlement(change.id(), Kind.PARKED, PRESENT_EPOCH, rejectedIn, null, reason, at)));
    return true;
  }

  /**
   * Records that a create joined this conversation; returns whether the conversation still lives.
   */
  private boolean isStillLive(ConversationCreated create, ConversationState conversation) {
    try {
      return primary.recordJoin(create, conversation.generation());
    } catch (EngineFailureException refused) {
      if (mayBeOfOne(refused)) {
        // What refuses the change may refuse this as well; others must not wait for it.
        return true;
      }
      throw refused;
    }
  }

  /** The creates in a change; none in one that is applied only once. */
  private static List<ConversationCreated> creates(Change change) {
    return change instanceof Bulk bulk && bulk.isOnce()
        ? List.of()
        : change.parts().stream()
            .filter(ConversationCreated.class::isInstance)
            .map(ConversationCreated.class::cast)
            .toList();
  }

  /**
   * The rows after these changes. The answer has no rows for dropped changes: they are queried,
   * because this node must know the reason before the change leaves its queue.
   */
  private List<State> rows(List<Change> changes, List<Applied> applied) {
    List<State> rows = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      rows.addAll(applied.get(i).states());
      Owner owner = changes.get(i).owner();
      for (Applied.Dropped dropped : applied.get(i).dropped()) {
        String id = dropped.conversationId();
        rows.addAll(id == null ? watch.rows(owner) : watch.rows(owner, id));
      }
    }
    return rows;
  }

  private void mirror(List<? extends State> states) {
    if (!listener.mirror(states)) {
      // If settled, it would be in neither the copy nor the queue should the database fail now.
      throw LocalFailureException.notMirrored();
    }
  }

  private Settlement settlement(Change change, Applied applied, Instant at) {
    boolean dropped = !(change instanceof Bulk) && !applied.dropped().isEmpty();
    rejectedChanges.add(
        applied.dropped().stream()
            // No report: the database has these already, or they were deleted after it had them.
            .filter(part -> !part.reason().equals(Applied.TAKEN_OVER_BEFORE))
            .map(part -> rejected(change, part.conversationId(), false, part.reason(), at))
            .distinct()
            .toList());
    List<Landing> landings = landings(change, applied);
    return new Settlement(
        change.id(),
        dropped ? Kind.DROPPED : Kind.DRAINED,
        change instanceof OwnerErased erasure
            ? epochAfter(erasure, applied, landings)
            : PRESENT_EPOCH,
        created(change, applied, landings),
        landedLater(change, landings),
        dropped ? applied.dropped().get(0).reason() : "",
        at);
  }

  /**
   * The epoch for changes queued behind an erasure: the one that it began. If another node erased
   * the owner since, that erasure also covers changes written here before this node learned of it.
   */
  private static long epochAfter(OwnerErased erasure, Applied applied, List<Landing> landings) {
    if (!applied.dropped().isEmpty()) {
      return erasure.stamp().epoch();
    }
    return landings.isEmpty() ? applied.states().get(0).epoch() : landings.get(0).generation();
  }

  /**
   * The effects of a change that an earlier attempt already applied. The answer has only the
   * present rows, possibly in a later generation or as others have written them since.
   */
  private List<Landing> landings(Change change, Applied applied) {
    boolean mayBeDone =
        switch (change.kind()) {
          case BULK -> true;
          case CONVERSATION_CREATED,
              CONVERSATION_UPDATED,
              MESSAGE_EDITED,
              PREFERENCES_PUT,
              OWNER_ERASED ->
              !applied.changed();
          case CONVERSATION_DELETED, MESSAGES_APPENDED, MESSAGE_DELETED -> false;
        };
    return mayBeDone ? primary.landings(change) : List.of();
  }

  /**
   * The generations of the conversations that a change created or joined. A generation deleted
   * since counts too: changes behind the create were meant for it and for no later one.
   */
  private static Map<String, Long> created(Change change, Applied applied, List<Landing> landings) {
    if (!change.mayCreate()) {
      return Map.of();
    }
    Map<String, Long> generations = new HashMap<>();
    applied
        .states(ConversationState.class)
        .filter(ConversationState::isLive)
        .forEach(state -> generations.put(state.id(), state.generation()));
    for (Landing landing : landings) {
      if (landing.conversationId() != null) {
        generations.put(landing.conversationId(), landing.generation());
      }
    }
    return generations;
  }

  /** When a write of fields took effect, if later than it was made; otherwise null. */
  private static @Nullable Instant landedLater(Change change, List<Landing> landings) {
    return landings.stream()
        .filter(landing -> change.writesFields())
        .map(Landing::at)
        .filter(at -> at.isAfter(change.stamp().time()))
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  private static StoreState.Rejected rejected(
      Change change, @Nullable String conversationId, boolean parked, String reason, Instant at) {
    return new StoreState.Rejected(change.id(), change.owner(), conversationId, parked, reason, at);
  }

  private void settle(List<Settlement> settlements) {
    LocalFailureException.guard(() -> listener.settle(settlements));
    settled = true;
    most = Math.min(batch, most * 2);
    progress.updateAndGet(r -> r == null ? null : counted(r, settlements));
  }

  private static StoreState.Resync counted(StoreState.Resync resync, List<Settlement> settlements) {
    long drained = resync.drained();
    long dropped = resync.dropped();
    long parked = resync.parked();
    for (Settlement settlement : settlements) {
      switch (settlement.kind()) {
        case DRAINED -> drained++;
        case PARKED -> parked++;
        case DROPPED, CANCELLED -> dropped++;
      }
    }
    return new StoreState.Resync(resync.started(), null, drained, dropped, parked);
  }
}
