package io.conversationstore.hybrid;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Rebase;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.Settlement.Kind;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sends pending changes to the database, in their order, and settles them. A change is applied
 * again with the same id until its outcome is known, so that an attempt whose answer was lost does
 * no harm. What the database refuses for good is parked, what a rule forbids is dropped, both with
 * a report. Used by one thread at a time; its progress may be read by any.
 */
final class Drain {

  private final PrimaryStore primary;
  private final LocalStore local;
  private final SentChanges sent;
  private final Rejections rejections;
  private final NodeClock clock;
  private final int batch;
  private final Predicate<List<? extends State>> mirror;
  private final Consumer<List<Settlement>> settler;
  private final OverlayLocks overlays;
  private final AtomicReference<StoreState.@Nullable Resync> progress = new AtomicReference<>();

  /**
   * @param mirror puts the states of drained changes into the local copy; false if it cannot
   * @param settler ends changes in the queue
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
      OverlayLocks overlays) {
    this.primary = primary;
    this.local = local;
    this.sent = sent;
    this.rejections = rejections;
    this.clock = clock;
    this.batch = batch;
    this.mirror = mirror;
    this.settler = settler;
    this.overlays = overlays;
  }

  StoreState.@Nullable Resync progress() {
    return progress.get();
  }

  /**
   * Sends until nothing is pending.
   *
   * @param goOn asked before each change
   * @throws EngineFailureException if the database fails; what was sent is settled
   * @throws LocalFailureException if the local files fail; what was sent is sent again
   */
  void run(BooleanSupplier goOn) {
    if (!local.hasPending()) {
      return;
    }
    StoreState.Resync last = progress.get();
    if (last == null || last.ended() != null) {
      progress.set(new StoreState.Resync(clock.now(), null, 0, 0, 0));
    }
    while (goOn.getAsBoolean()) {
      sent.beginBatch();
      try {
        List<Change> changes = LocalFailureException.guard(() -> local.pending(batch));
        if (changes.isEmpty()) {
          progress.updateAndGet(
              r ->
                  r == null
                      ? null
                      : new StoreState.Resync(
                          r.started(), clock.now(), r.drained(), r.dropped(), r.parked()));
          return;
        }
        send(changes, goOn);
      } finally {
        sent.endBatch();
      }
    }
  }

  private void send(List<Change> changes, BooleanSupplier goOn) {
    Known known = new Known();
    List<Settlement> settlements = new ArrayList<>();
    try {
      for (Change change : changes) {
        if (!goOn.getAsBoolean()) {
          return;
        }
        if (!sent.take(change.id())) {
          continue;
        }
        Settlement settlement = send(known.resolved(change));
        settlements.add(settlement);
        known.note(change, settlement);
        if (change instanceof OwnerErased) {
          // The local copy takes nothing of the owner for as long as the erasure is pending.
          List<Settlement> erased = List.copyOf(settlements);
          settlements.clear();
          settle(erased);
        }
      }
    } finally {
      settle(settlements);
    }
  }

  /**
   * What earlier changes of the same batch have found out, which the queue learns when they are
   * settled; by the same rule ({@link LocalStore#settle}).
   */
  private static final class Known {
    private final Map<Owner, Map<String, Long>> generations = new HashMap<>();
    private final Map<Owner, Long> epochs = new HashMap<>();

    Change resolved(Change change) {
      Change resolved = change;
      Long epoch = epochs.get(change.owner());
      if (epoch != null) {
        resolved = resolved.withStamp(resolved.stamp().withEpoch(epoch));
      }
      return Rebase.onto(resolved, generations.getOrDefault(change.owner(), Map.of()));
    }

    void note(Change change, Settlement settlement) {
      if (change instanceof ConversationDeleted delete) {
        // What follows means the generation after this one, whatever became of the delete.
        generations.getOrDefault(change.owner(), new HashMap<>()).remove(delete.ref().id());
      }
      if (settlement.kind() != Kind.DRAINED) {
        return;
      }
      if (change instanceof OwnerErased) {
        epochs.put(change.owner(), settlement.epoch());
        generations.remove(change.owner());
      } else if (!settlement.generations().isEmpty()) {
        generations
            .computeIfAbsent(change.owner(), owner -> new HashMap<>())
            .putAll(settlement.generations());
      }
    }
  }

  private Settlement send(Change change) {
    Instant at = clock.now();
    try {
      Applied applied =
          overlays.applying(change.owner(), () -> primary.apply(change, ApplyMode.REPLAY));
      if (!mirror.test(applied.states())) {
        // Settled, it would be in neither the copy nor the queue, should the database go away now.
        throw LocalFailureException.notMirrored();
      }
      boolean dropped = !(change instanceof Bulk) && !applied.dropped().isEmpty();
      for (Applied.Dropped part : applied.dropped()) {
        reject(change, part.conversationId(), false, part.reason(), at);
      }
      long epoch =
          applied.states().isEmpty() ? ChangeStamp.PRESENT_EPOCH : applied.states().get(0).epoch();
      String reason = dropped ? applied.dropped().get(0).reason() : "";
      return new Settlement(
          change.id(),
          dropped ? Kind.DROPPED : Kind.DRAINED,
          epoch,
          created(change, applied),
          reason,
          at);
    } catch (EngineFailureException | LocalFailureException unavailable) {
      throw unavailable;
    } catch (ConversationStoreException | IllegalArgumentException refused) {
      String reason = String.valueOf(refused.getMessage());
      ConversationRef ref = change.ref();
      reject(change, ref == null ? null : ref.id(), true, reason, at);
      return new Settlement(
          change.id(), Kind.PARKED, ChangeStamp.PRESENT_EPOCH, Map.of(), reason, at);
    }
  }

  /** The generations of the conversations that a change has created or joined. */
  private static Map<String, Long> created(Change change, Applied applied) {
    if (!(change instanceof ConversationCreated) && !(change instanceof Bulk)) {
      return Map.of();
    }
    return applied
        .states(ConversationState.class)
        .filter(ConversationState::isLive)
        .collect(Collectors.toMap(ConversationState::id, ConversationState::generation));
  }

  private void reject(
      Change change, @Nullable String conversationId, boolean parked, String reason, Instant at) {
    rejections.add(
        new StoreState.Rejected(change.id(), change.owner(), conversationId, parked, reason, at));
  }

  private void settle(List<Settlement> settlements) {
    if (settlements.isEmpty()) {
      return;
    }
    LocalFailureException.guard(() -> settler.accept(settlements));
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
