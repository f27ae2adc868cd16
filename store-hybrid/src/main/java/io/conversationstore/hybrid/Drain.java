package io.conversationstore.hybrid;

import static io.conversationstore.spi.ChangeStamp.PRESENT_EPOCH;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
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
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends pending changes to the database, many together, and settles them. What is about one
 * conversation keeps its order. A change is applied again with the same id until its outcome is
 * known, so that an attempt whose answer was lost does no harm. Where one of many is refused, each
 * gets its own answer: what the database refuses for good is parked, what a rule forbids is
 * dropped, both with a report, and the rest goes on; so does what is not about a conversation that
 * somebody holds a lock on. A change that fails for a reason that is not known is put off while
 * others pass, and parked when it has failed several times. Used by one thread at a time; its
 * progress may be read by any.
 */
final class Drain {

  /** How many batches of the queue are looked at where much of it has to wait for a create. */
  private static final int LOOK_AHEAD = 4;

  /** How much of the queue is read for one batch unless all of that has to wait, in bytes. */
  private static final long WINDOW_BYTES = 8L << 20;

  /** How often a change may fail by itself before it is parked. */
  private static final int MOST_FAILURES = 3;

  /** After how many failures in a row, and no success, all are taken to fail. */
  private static final int FAILURES_OF_ALL = 3;

  private final PrimaryStore primary;
  private final LocalStore local;
  private final SentChanges sent;
  private final Rejections rejections;
  private final NodeClock clock;
  private final int batch;
  private final Predicate<List<? extends State>> mirror;
  private final Consumer<List<Settlement>> settler;
  private final Consumer<List<Settlement>> settlerAnew;
  private final OverlayLocks overlays;
  private final HistoryWatch watch;
  private final Clockwork clockwork;
  private final AtomicReference<StoreState.@Nullable Resync> progress = new AtomicReference<>();

  /** How many changes are sent together at most: fewer after what took too long. */
  private int most;

  /** What took too long alone, or failed where all may fail: in the next round it goes last. */
  private final Waiting slow = new Waiting();

  /** Whether anything was settled since the batch began. */
  private boolean settled;

  /** How often changes have failed while others passed. */
  private final Map<UUID, Integer> failures = new HashMap<>();

  /**
   * @param mirror puts the states of drained changes into the local copy; false if it cannot
   * @param settler ends changes in the queue
   * @param settlerAnew the same, and lets the local copy read all of the feed again from then on
   */
  Drain(
      PrimaryStore primary,
      LocalStore local,
      SentChanges sent,
      Rejections rejections,
      NodeClock clock,
      int batch,
      Predicate<List<? extends State>> mirror,
      Consumer<List<Settlement>> settler,
      Consumer<List<Settlement>> settlerAnew,
      OverlayLocks overlays,
      HistoryWatch watch,
      Clockwork clockwork) {
    this.primary = primary;
    this.local = local;
    this.sent = sent;
    this.rejections = rejections;
    this.clock = clock;
    this.batch = batch;
    this.most = batch;
    this.mirror = mirror;
    this.settler = settler;
    this.settlerAnew = settlerAnew;
    this.overlays = overlays;
    this.watch = watch;
    this.clockwork = clockwork;
  }

  StoreState.@Nullable Resync progress() {
    return progress.get();
  }

  /**
   * Sends until nothing is pending.
   *
   * @param goOn asked before each batch
   * @param sentBatch told after each batch of which something was sent how long it took, in
   *     nanoseconds; may wait
   * @param onFailure told what ends the drain, unless that is contention, while nobody can read
   *     what is laid over what was sent: those who waited for it find out that the database is lost
   * @throws EngineFailureException if the database fails; what was sent is settled
   * @throws LocalFailureException if the local files fail; what was sent is sent again
   */
  void run(
      BooleanSupplier goOn, LongConsumer sentBatch, Consumer<EngineFailureException> onFailure) {
    if (!local.hasPending()) {
      return;
    }
    StoreState.Resync last = progress.get();
    if (last == null || last.ended() != null) {
      progress.set(new StoreState.Resync(clock.now(), null, 0, 0, 0));
    }
    Round round = new Round(onFailure);
    int window = batch;
    // More is in memory at once only where all of that has to wait for what others hold.
    long windowBytes = WINDOW_BYTES;
    while (goOn.getAsBoolean()) {
      long start = clockwork.nanoTime();
      settled = false;
      int seen = window;
      long seenBytes = windowBytes;
      // What comes while it is read asks for a drain of its own.
      long there = local.pendingFigures().changes();
      List<Change> pending = LocalFailureException.guard(() -> local.pending(seen, seenBytes));
      if (parkUnreadable()) {
        continue;
      }
      boolean all = pending.size() >= there;
      List<Change> next =
          DrainBatch.of(pending, slow.with(round.held), this::isToBeSettledFirst, most);
      if (!next.isEmpty()) {
        boolean full = all || DrainBatch.isFull(next, most);
        round.send(next, goOn);
        window = full ? batch : Math.min(Math.max(window, batch * LOOK_AHEAD), window * 2);
        windowBytes = WINDOW_BYTES;
      } else if (!all) {
        // All of it waits for a lock, and there may be other changes behind.
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
        sentBatch.accept(clockwork.nanoTime() - start);
      }
    }
  }

  /** What cannot be read is for an operator, and keeps no other; returns whether there was some. */
  private boolean parkUnreadable() {
    List<StoreState.Rejected> unreadable = LocalFailureException.guard(local::unreadable);
    for (StoreState.Rejected change : unreadable) {
      rejections.add(List.of(change));
      settle(
          List.of(Settlement.of(change.changeId(), Kind.PARKED, change.reason(), change.at())),
          settler);
    }
    return !unreadable.isEmpty();
  }

  /**
   * Whether what follows a change about the same has to wait until this one is settled: it has to
   * name the generation that a create was given, or to be later than a first attempt whose answer
   * was lost. Both have to be on disk by then.
   */
  private boolean isToBeSettledFirst(Change change) {
    return change instanceof ConversationCreated
        || (isFields(change) && sent.mayBeSent(change.id()));
  }

  /** One way through the queue. */
  private final class Round {
    private final Waiting held = new Waiting();
    private final Consumer<EngineFailureException> onFailure;
    private @Nullable EngineFailureException putOff;
    private final Map<Change, EngineFailureException> suspects = new LinkedHashMap<>();
    private boolean anyPassed;

    Round(Consumer<EngineFailureException> onFailure) {
      this.onFailure = onFailure;
    }

    void send(List<Change> changes, BooleanSupplier goOn) {
      changes.forEach(change -> sent.gone(change.id()));
      apply(changes, goOn);
    }

    /**
     * Sends in order, except what is about something that is held.
     *
     * @return false if it had to stop: what follows must not be sent now
     */
    private boolean apply(List<Change> changes, BooleanSupplier goOn) {
      List<Change> free = notHeld(changes);
      if (free.isEmpty()) {
        return true;
      }
      if (!goOn.getAsBoolean()) {
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
        return inParts(free, (free.size() + 1) / 2, goOn);
      } catch (EngineFailureException failure) {
        if (isOfTime(failure)) {
          // Repeated as it is, it would take too long again.
          most = free.size() / 2;
        }
        if (failure.kind() != FailureKind.CONTENTION && !mayBeOfOne(failure)) {
          throw failure;
        }
        return inParts(free, 1, goOn);
      }
    }

    private boolean inParts(List<Change> changes, int size, BooleanSupplier goOn) {
      for (int from = 0; from < changes.size(); from += size) {
        if (!apply(changes.subList(from, Math.min(from + size, changes.size())), goOn)) {
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
     * A change has failed alone, for a reason that may be its own (a trigger) or that of all (a
     * right, a table). Where others pass it is its own.
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
      if (failures.merge(change.id(), 1, Integer::sum) == MOST_FAILURES) {
        failures.remove(change.id());
        park(change, String.valueOf(failure.getMessage()), clock.now());
      }
    }

    /** Fails if something was left: others hold it, or it failed. */
    void end() {
      for (Map.Entry<Change, EngineFailureException> suspect : suspects.entrySet()) {
        // There is no other to try. A set-up that lacks something is that of all.
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

  /** Whether a failure may concern the change alone that met it. */
  private static boolean mayBeOfOne(EngineFailureException failure) {
    return failure.kind() == FailureKind.UNEXPECTED || failure.kind() == FailureKind.MISCONFIGURED;
  }

  /** Whether the database may have failed because it was given too much at once. */
  private static boolean isOfTime(EngineFailureException failure) {
    return failure.kind() == FailureKind.SLOW || failure.kind() == FailureKind.UNAVAILABLE;
  }

  private List<Applied> applying(
      List<Change> changes,
      Supplier<List<Applied>> action,
      Consumer<EngineFailureException> onFailure) {
    HistoryWatch.Before before = LocalFailureException.guard(() -> watch.before(changes));
    return overlays.applying(
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
    List<Applied> applied = applying(changes, () -> primary.applyAll(changes), onFailure);
    mirror(rows(changes, applied));
    List<Settlement> settlements = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      settlements.add(settlement(changes.get(i), applied.get(i), at));
    }
    settle(settlements, settler);
  }

  private void send(Change change, Consumer<EngineFailureException> onFailure) {
    Instant at = clock.now();
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
      park(change, String.valueOf(refused.getMessage()), at);
      return;
    }
    mirror(rows(List.of(change), List.of(applied)));
    boolean anew = change instanceof OwnerErased && tookTooMuch(change.stamp(), applied);
    settle(List.of(settlement(change, applied, at)), anew ? settlerAnew : settler);
  }

  private void park(Change change, String reason, Instant at) {
    ConversationRef ref = change.ref();
    rejections.add(List.of(rejected(change, ref == null ? null : ref.id(), true, reason, at)));
    settle(List.of(Settlement.of(change.id(), Kind.PARKED, reason, at)), settler);
  }

  /**
   * Whether an erasure that waited here may have taken rows out of the copy that the database
   * keeps: they were written and copied after it was applied. One that names no epoch takes any
   * until it is settled; one that names an epoch does where an earlier attempt had been applied in
   * a later one.
   */
  private static boolean tookTooMuch(ChangeStamp erasure, Applied applied) {
    return applied.dropped().isEmpty()
        && (erasure.epoch() == PRESENT_EPOCH
            || (!applied.changed() && erasure.epoch() >= applied.states().get(0).epoch()));
  }

  /**
   * The rows that changes have left. Of what was dropped the answer has none: they are asked for,
   * so that this node knows why before the change is gone from its queue.
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
    if (!mirror.test(states)) {
      // Settled, it would be in neither the copy nor the queue, should the database go away now.
      throw LocalFailureException.notMirrored();
    }
  }

  private Settlement settlement(Change change, Applied applied, Instant at) {
    boolean dropped = !(change instanceof Bulk) && !applied.dropped().isEmpty();
    rejections.add(
        applied.dropped().stream()
            // Nobody misses what is in the database already, or was deleted after it was.
            .filter(part -> !part.reason().equals(Applied.TAKEN_OVER_BEFORE))
            .map(part -> rejected(change, part.conversationId(), false, part.reason(), at))
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
   * The epoch of what follows an erasure in the queue: the one that it began. Where another node
   * has erased the owner since, that takes along what was written here before this node heard of
   * it.
   */
  private static long epochAfter(OwnerErased erasure, Applied applied, List<Landing> landings) {
    if (!applied.dropped().isEmpty()) {
      return erasure.stamp().epoch();
    }
    return landings.isEmpty() ? applied.states().get(0).epoch() : landings.get(0).generation();
  }

  /**
   * Where a change has taken effect that this attempt found done: the answer has the rows as they
   * are now, in a later generation perhaps, or as somebody else has written them since.
   */
  private List<Landing> landings(Change change, Applied applied) {
    boolean mayBeDone =
        change instanceof Bulk
            || (!applied.changed()
                && (change instanceof ConversationCreated
                    || change instanceof OwnerErased
                    || isFields(change)));
    return mayBeDone ? primary.landings(change) : List.of();
  }

  /** Whether a change writes fields, which of several writes the latest has. */
  static boolean isFields(Change change) {
    return change instanceof ConversationUpdated
        || change instanceof MessageEdited
        || change instanceof PreferencesPut;
  }

  /**
   * The generations of the conversations that a change has created or joined. One that is deleted
   * since counts too: what follows the create was meant for it, and for no later one.
   */
  private static Map<String, Long> created(Change change, Applied applied, List<Landing> landings) {
    if (!(change instanceof ConversationCreated) && !(change instanceof Bulk)) {
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

  /** When a write of fields took effect, where that was later than it was made; else null. */
  private static @Nullable Instant landedLater(Change change, List<Landing> landings) {
    return landings.stream()
        .filter(landing -> isFields(change))
        .map(Landing::at)
        .filter(at -> at.isAfter(change.stamp().time()))
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  private static StoreState.Rejected rejected(
      Change change, @Nullable String conversationId, boolean parked, String reason, Instant at) {
    return new StoreState.Rejected(change.id(), change.owner(), conversationId, parked, reason, at);
  }

  private void settle(List<Settlement> settlements, Consumer<List<Settlement>> by) {
    LocalFailureException.guard(() -> by.accept(settlements));
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
