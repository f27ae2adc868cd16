package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Provenance;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.overlay.PendingContents;
import io.conversationstore.hybrid.internal.overlay.PendingView;
import io.conversationstore.hybrid.internal.overlay.PendingView.MessagePlace;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.ConversationVisitor;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.Transitions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Accepts changes that cannot go to the database now: checks them against this node's knowledge and
 * adds them durably to the local queue. Thread-safe; changes of one conversation are accepted one
 * at a time.
 */
public final class LocalQueue {

  /**
   * A first attempt at the database.
   *
   * @param maybeSent whether the database, and with it the local copy, may already have the change
   * @param wasThere whether the message that it deletes was there before
   */
  public record Attempt(boolean maybeSent, boolean wasThere) {
    public static final Attempt NONE = new Attempt(false, false);
  }

  private final LocalStore local;
  private final OverlayReader reader;
  private final MaybeSentChanges maybeSent;
  private final RejectedChanges rejectedChanges;
  private final OwnerLocks locks;
  private final PendingViewCache views;
  private final Forgetting forgetting = new Forgetting();
  private final Supplier<Instant> now;
  private final QueueStamps stamps;

  /**
   * @param now the node's clock, corrected to the database's
   */
  public LocalQueue(
      LocalStore local,
      OverlayReader reader,
      MaybeSentChanges maybeSent,
      RejectedChanges rejectedChanges,
      Supplier<Instant> now,
      NodeScheduler scheduler) {
    this.locks = new OwnerLocks(scheduler);
    this.local = local;
    this.reader = reader;
    this.maybeSent = maybeSent;
    this.rejectedChanges = rejectedChanges;
    this.now = now;
    this.stamps = new QueueStamps(local, now);
    this.views = new PendingViewCache(local, reader);
  }

  /** This node's knowledge may have changed other than through this queue. */
  public void forgetViews() {
    views.forget();
  }

  /** This node's knowledge of these rows has changed other than through this queue. */
  public void forgetViews(List<? extends State> states) {
    for (State state : states) {
      state.accept(forgetting);
    }
  }

  /** Ends the views that a changed row outdates; messages and preferences are read anew. */
  private final class Forgetting implements State.Visitor<Void, RuntimeException> {
    @Override
    public Void owner(OwnerState state) {
      views.forget();
      return null;
    }

    @Override
    public Void conversation(ConversationState state) {
      views.forget(state.owner(), state.id());
      return null;
    }

    @Override
    public Void message(MessageState state) {
      return null;
    }

    @Override
    public Void preferences(PreferencesState state) {
      return null;
    }
  }

  /**
   * Ends changes. None is accepted meanwhile: one that was checked against a conversation whose
   * create is pending would arrive too late to learn the generation given to the create.
   */
  public void settle(List<Settlement> settlements) {
    change(() -> local.settle(settlements));
  }

  /** Changes the queue while no change is accepted. */
  public void change(Runnable action) {
    locks.exclusive(
        () -> {
          action.run();
          views.forget();
          return true;
        });
  }

  /**
   * Accepts a change; it is on disk when this returns. A change that the database may already have
   * keeps its original epoch and time: sent again, it must neither survive an erasure nor undo an
   * edit made after the first attempt.
   *
   * @throws UnknownWhileOfflineException if it depends on something that only the database knows
   * @throws StoreUnavailableException if its kind needs the database, or the local files fail
   */
  public Applied accept(Change change, Attempt attempt) {
    if (attempt.maybeSent()) {
      return taken(change, attempt);
    }
    maybeSent.queued(change.id());
    boolean queued = false;
    try {
      // Nobody has it, so it gets the present time; an imported one keeps its time.
      Change fresh =
          change instanceof Bulk bulk && bulk.isOnce()
              ? change
              : change.withStamp(change.stamp().withEpoch(ChangeStamp.PRESENT_EPOCH));
      Applied applied = taken(fresh, attempt);
      queued = applied.changed();
      return applied;
    } finally {
      if (!queued) {
        maybeSent.gone(change.id());
      }
    }
  }

  private Applied taken(Change change, Attempt attempt) {
    return change.accept(new Acceptance(attempt));
  }

  private final class Acceptance implements Change.Visitor<Applied, RuntimeException> {
    private final Attempt attempt;

    Acceptance(Attempt attempt) {
      this.attempt = attempt;
    }

    @Override
    public Applied conversationCreated(ConversationCreated change) {
      return toOne(change.owner(), change.conversationId(), view -> create(view, change, attempt));
    }

    @Override
    public Applied toConversation(ToConversation change) {
      return toOne(
          change.owner(),
          change.ref().id(),
          view -> LocalQueue.this.toConversation(view, change, attempt));
    }

    @Override
    public Applied preferencesPut(PreferencesPut change) {
      return locks.exclusive(() -> preferences(change, attempt));
    }

    @Override
    public Applied ownerErased(OwnerErased change) {
      return locks.exclusive(() -> erase(change, attempt));
    }

    @Override
    public Applied bulk(Bulk change) {
      return change.isAppend()
          ? toOne(
              change.owner(),
              change.create().conversationId(),
              view -> appendOrCreate(view, change, attempt))
          : locks.exclusive(() -> LocalQueue.this.bulk(change, attempt));
    }
  }

  private Applied toOne(Owner owner, String id, Function<PendingView, Applied> action) {
    return locks.of(owner, id, () -> OverlayReader.settled(() -> overView(owner, id, action)));
  }

  /**
   * @throws PendingContents.MovedException if a pending change shown by the view is unreadable;
   *     nothing was queued then, and the view is gone
   */
  private Applied overView(Owner owner, String id, Function<PendingView, Applied> action) {
    PendingView view = views.get(owner, id);
    try {
      return action.apply(view);
    } catch (PendingContents.MovedException moved) {
      views.forget(owner, id);
      throw moved;
    } finally {
      view.clearContents();
    }
  }

  private Applied create(PendingView view, ConversationCreated create, Attempt attempt) {
    ConversationState live = view.live();
    if (live != null) {
      // Its own first attempt may have created it, and the feed may have delivered it since.
      if (create.strict() && !live.createdBy().equals(create.id())) {
        throw new ConversationExistsException(create.owner(), create.conversationId());
      }
      if (attempt.maybeSent() && !live.createdBy().equals(create.id())) {
        // The first attempt may still arrive and recreate the conversation after a delete: the
        // database must know that this create joined the present one.
        enqueue(view, create.conversationId(), create, List.of());
      }
      return Applied.of(false, List.of(live));
    }
    if (create.strict()) {
      throw new StoreUnavailableException(
          "creating conversation "
              + create.conversationId()
              + " of "
              + create.owner()
              + " under a given id needs the database; while it is unavailable, use createIfAbsent",
          null);
    }
    if (view.isOfErased(create)) {
      // The erasure came after the first attempt in any case. The database will drop the create.
      local.enqueue(create);
      return Applied.of(true, List.of(PendingView.made(create)));
    }
    return enqueue(view, create.conversationId(), create, List.of());
  }

  /**
   * An append that creates. To a conversation that is live here it is a plain append: if that one
   * is deleted before the append is sent, it must not come back.
   */
  private Applied appendOrCreate(PendingView view, Bulk bulk, Attempt attempt) {
    ConversationState live = view.live();
    MessagesAppended append = bulk.append();
    if (attempt.maybeSent()) {
      // The first attempt may still arrive, and create the conversation again after a delete:
      // changes queued behind it must learn where it landed.
      Bulk sent = new Bulk(bulk.stamp(), bulk.changes(), true);
      if (!view.isOfErased(sent)) {
        return sentBefore(view, live, sent);
      }
      // The erasure came after the first attempt in any case. The database will drop the append.
      local.enqueue(sent);
      return Applied.of(true, PendingView.made(bulk.create(), append));
    }
    if (live != null && reader.isEnded(live)) {
      throw new UnknownWhileOfflineException(bulk.owner(), live.id());
    } else if (live != null) {
      return append(view, live, append.withStamp(bulk.stamp()).withGeneration(view.target()));
    }
    requireNoCondition(append);
    return enqueue(view, append.ref().id(), bulk, ids(append));
  }

  private Applied sentBefore(PendingView view, @Nullable ConversationState live, Bulk sent) {
    MessagesAppended append = sent.append();
    List<State> existing = new ArrayList<>();
    if (live == null || !addExisting(view, append, existing).isEmpty()) {
      requireNoCondition(append);
    } else if (append.condition().checksLast()) {
      existing.add(0, live);
      return Applied.of(false, existing);
    }
    return enqueue(view, append.ref().id(), sent, ids(append));
  }

  private static List<UUID> ids(MessagesAppended append) {
    return append.messages().stream().map(NewMessage::id).toList();
  }

  private Applied toConversation(PendingView view, ToConversation change, Attempt attempt) {
    String id = change.ref().id();
    ConversationState live = view.live();
    boolean unknown =
        live == null ? !isKnownToBeGone(view, change.owner(), id) : reader.isEnded(live);
    if (unknown) {
      throw new UnknownWhileOfflineException(change.owner(), id);
    }
    if (live == null || (attempt.maybeSent() && isAboutEarlier(change, view, live))) {
      if (change instanceof ConversationDeleted) {
        // The conversation found by the first attempt is deleted by now, possibly by that attempt.
        return Applied.of(attempt.maybeSent(), List.of());
      }
      throw new ConversationNotFoundException(change.owner(), id);
    }
    return change.acceptInConversation(new ToLive(view, live, attempt));
  }

  /** Queues a change of a conversation that is live here. */
  private final class ToLive implements ConversationVisitor<Applied, RuntimeException> {
    private final PendingView view;
    private final ConversationState live;
    private final Attempt attempt;

    ToLive(PendingView view, ConversationState live, Attempt attempt) {
      this.view = view;
      this.live = live;
      this.attempt = attempt;
    }

    @Override
    public Applied conversationUpdated(ConversationUpdated change) {
      return toHeader(change);
    }

    @Override
    public Applied conversationDeleted(ConversationDeleted change) {
      return toHeader(change);
    }

    private Applied toHeader(ToConversation change) {
      ToConversation named =
          isAsSent(change, attempt) ? change : change.withGeneration(view.target());
      return enqueue(view, live.id(), named, List.of());
    }

    @Override
    public Applied messagesAppended(MessagesAppended change) {
      return append(
          view, live, isAsSent(change, attempt) ? change : change.withGeneration(view.target()));
    }

    @Override
    public Applied messageEdited(MessageEdited change) {
      UUID messageId = change.messageId();
      if (isAbsent(view, change.owner(), live.id(), messageId)) {
        throw new MessageNotFoundException(change.owner(), live.id(), messageId);
      }
      MessagePlace place = view.placeOf(messageId, live);
      Change named = change.withGeneration(place.generation());
      return enqueue(view, live.id(), named, place.epoch(), List.of(messageId));
    }

    @Override
    public Applied messageDeleted(MessageDeleted change) {
      UUID messageId = change.messageId();
      if (isAbsent(view, change.owner(), live.id(), messageId)) {
        return Applied.of(attempt.wasThere(), List.of(live));
      }
      MessagePlace place = view.placeOf(messageId, live);
      Change named = change.withGeneration(place.generation());
      return enqueue(view, live.id(), named, place.epoch(), List.of());
    }
  }

  /** Whether a change was sent with a generation: sent again, it must not reach another one. */
  private static boolean isAsSent(ToConversation change, Attempt attempt) {
    return attempt.maybeSent() && change.ref().generation() != ConversationRef.LIVE;
  }

  /** Whether a conversation is known to be absent, rather than only unknown here. */
  private boolean isKnownToBeGone(PendingView view, Owner owner, String id) {
    return view.erased() || (view.header() != null && !reader.mayHaveBeenRecreated(owner, id));
  }

  /**
   * Whether an attempted change named a generation that is deleted by now, or an epoch that was
   * erased. It may have been applied there and must not also be applied to a successor, even a
   * pending one.
   */
  private static boolean isAboutEarlier(
      ToConversation change, PendingView view, ConversationState live) {
    ConversationRef ref = change.ref();
    long epoch = change.stamp().epoch();
    if (epoch != ChangeStamp.PRESENT_EPOCH && epoch < live.epoch()) {
      return true;
    }
    if (ref.generation() == ConversationRef.LIVE) {
      return false;
    }
    return live.generation() == ConversationRef.LIVE
        ? view.ended(ref.generation())
        : ref.generation() < live.generation();
  }

  /**
   * Whether a message is absent. The copy's completeness is checked before the message is looked
   * up: otherwise a message that arrives in between would be missed in an old copy that a newer one
   * vouches for.
   *
   * @throws UnknownWhileOfflineException if the copy lacks it and may be incomplete
   */
  private boolean isAbsent(PendingView view, Owner owner, String id, UUID messageId) {
    if (view.message(messageId).isPresent()) {
      return false;
    }
    boolean complete = reader.isComplete(owner, id);
    if (view.message(messageId).isPresent()) {
      return false;
    }
    // Checked again: contents may be evicted in between.
    if (!complete || !reader.isComplete(owner, id)) {
      throw new UnknownWhileOfflineException(owner, id);
    }
    return true;
  }

  private Applied append(PendingView view, ConversationState live, MessagesAppended append) {
    List<State> existing = new ArrayList<>();
    existing.add(live);
    List<NewMessage> absent = addExisting(view, append, existing);
    if (absent.isEmpty()) {
      return Applied.of(false, existing);
    }
    requireNoCondition(append);
    // Without existing messages: laid over an engine that has them, they would appear twice.
    MessagesAppended missing =
        new MessagesAppended(append.stamp(), append.ref(), absent, append.condition(), false);
    return enqueue(view, live.id(), missing, ids(append));
  }

  /** Adds the messages of an append that exist to {@code existing}; returns the others. */
  private static List<NewMessage> addExisting(
      PendingView view, MessagesAppended append, List<State> existing) {
    List<NewMessage> absent = new ArrayList<>();
    for (NewMessage message : append.messages()) {
      Optional<MessageState> there = view.existing(message.id());
      if (there.isPresent() && !there.get().digest().equals(message.digest())) {
        throw new MessageConflictException(append.owner(), append.ref().id(), message.id());
      }
      there.map(view::filled).ifPresentOrElse(existing::add, () -> absent.add(message));
    }
    return absent;
  }

  private static void requireNoCondition(MessagesAppended append) {
    if (append.condition().checksLast()) {
      throw new StoreUnavailableException(
          "an append with a condition on the last message of conversation "
              + append.ref().id()
              + " of "
              + append.owner()
              + " needs the database; try again when it is available",
          null);
    }
  }

  private Applied enqueue(PendingView view, String id, Change change, List<UUID> messageIds) {
    return enqueue(view, id, change, view.targetEpoch(), messageIds);
  }

  /** Enqueues, lays the change over the view and returns the affected rows. */
  private Applied enqueue(
      PendingView view, String id, Change change, long epoch, List<UUID> messageIds) {
    Change pending = stamps.of(view, change, epoch);
    // Before it is queued: from then on it may be drained and mirrored at any time, and would have
    // no effect laid over the result.
    views.add(view, pending);
    boolean queued = false;
    try {
      List<State> states = rows(view, id, pending, messageIds);
      local.enqueue(pending);
      queued = true;
      return Applied.of(true, states);
    } finally {
      if (!queued) {
        views.forget(change.owner(), id);
      }
    }
  }

  /** The rows affected by a change, looked up while it can still be refused. */
  private List<State> rows(PendingView view, String id, Change change, List<UUID> messageIds) {
    List<State> states = new ArrayList<>();
    ConversationState header = view.header();
    if (header != null) {
      states.add(header);
    }
    for (UUID messageId : messageIds) {
      Optional<MessageState> message = view.message(messageId);
      message.map(view::filled).ifPresent(states::add);
      if (message.isEmpty() && change instanceof MessageEdited) {
        // The feed delivered its delete since the lookup, or the copy evicted it.
        if (!reader.isComplete(change.owner(), id)) {
          throw new UnknownWhileOfflineException(change.owner(), id);
        }
        throw new MessageNotFoundException(change.owner(), id, messageId);
      }
    }
    return states;
  }

  private Applied preferences(PreferencesPut put, Attempt attempt) {
    Owner owner = put.owner();
    PreferencesUpdate update = put.update();
    long generation = 0;
    long epoch = Long.MAX_VALUE;
    String active = update.activeConversation();
    if (update.setsActiveConversation() && active != null) {
      PendingView view = views.get(owner, active);
      ConversationState live = view.live();
      if (live == null) {
        if (!isKnownToBeGone(view, owner, active)) {
          throw new UnknownWhileOfflineException(owner, active);
        }
        throw new ConversationNotFoundException(owner, active);
      }
      generation = attempt.maybeSent() ? put.activeGeneration() : view.target();
      epoch = view.epoch();
    }
    PreferencesState before = views.preferences(owner);
    epoch = Math.min(epoch, before.epoch());
    Instant at = now.get();
    if (before.activeConversationTime() != null) {
      at = QueueStamps.later(at, before.activeConversationTime());
    }
    if (before.selectedModelTime() != null) {
      at = QueueStamps.later(at, before.selectedModelTime());
    }
    ChangeStamp stamp = stamps.ofOwner(put, at, epoch);
    local.enqueue(new PreferencesPut(stamp, update, generation));
    return Applied.of(
        true,
        List.of(
            Transitions.put(
                before, update, Math.max(ConversationRef.LIVE, generation), at, ApplyMode.REPLAY)));
  }

  private Applied bulk(Bulk bulk, Attempt attempt) {
    if (attempt.maybeSent()) {
      // The first attempt may still arrive and recreate conversations that are live here: changes
      // queued behind it must learn from its settlement where it landed.
      local.enqueue(new Bulk(bulk.stamp(), bulk.changes(), true));
      views.forget();
      return Applied.of(true, List.of());
    }
    // A pending erasure may remove the present rows.
    boolean erasing = local.hasPendingErasure(bulk.owner());
    if (bulk.isOnce()) {
      return takenOver(bulk, erasing);
    }
    Map<String, Long> generations = new HashMap<>();
    Instant at = now.get();
    long epoch = local.preferences(bulk.owner()).epoch();
    for (String id : bulk.conversationIds()) {
      PendingView view = views.get(bulk.owner(), id);
      epoch = Math.min(epoch, view.epoch());
      ConversationState live = view.live();
      if (live != null) {
        at = QueueStamps.later(at, live.requireLive().updatedAt());
        if (!erasing && view.target() != ConversationRef.LIVE) {
          generations.put(id, view.target());
        }
      }
    }
    ChangeStamp stamp = stamps.ofOwner(bulk, at, epoch);
    local.enqueue(QueueStamps.named(bulk, stamp, generations));
    views.forget();
    return Applied.of(true, List.of());
  }

  /**
   * A part of an imported file. It stays unchanged: the database knows whether it was imported
   * before and whether the owner was erased since.
   */
  private Applied takenOver(Bulk bulk, boolean erasing) {
    if (erasing || bulk.stamp().epoch() < local.preferences(bulk.owner()).epoch()) {
      return Applied.dropped(bulk.id(), null, Applied.OWNER_ERASED);
    }
    local.enqueue(new Bulk(bulk.stamp(), bulk.changes(), true));
    views.forget();
    return Applied.of(true, List.of());
  }

  private Applied erase(OwnerErased erasure, Attempt attempt) {
    List<Change> before = local.pendingHeads(erasure.owner());
    OwnerErased pending = attempt.maybeSent() ? erasure : stamped(erasure, before);
    LocalStore.Removed removed = local.enqueue(pending);
    Set<UUID> left = ids(local.pendingHeads(erasure.owner()));
    ids(before).stream().filter(id -> !left.contains(id)).forEach(maybeSent::gone);
    rejectedChanges.removeParked(erasure.owner(), local.parked());
    views.forget();
    ErasureReceipt receipt =
        new ErasureReceipt(
            erasure.owner(),
            erasure.id(),
            pending.stamp().time(),
            true,
            List.of(
                new ErasureReceipt.Removal(
                    Provenance.Source.LOCAL_FILES, removed.conversations(), removed.messages())),
            List.of(
                "the database: erased at the next contact",
                "other nodes: their local copies are erased at their next contact with the"
                    + " database",
                "backups of the database and of the local files"));
    return new Applied(true, List.of(), List.of(), receipt);
  }

  private static Set<UUID> ids(List<Change> changes) {
    return changes.stream().map(Change::id).collect(Collectors.toSet());
  }

  /**
   * An erasure ends the epoch that is known here. If another one is pending, it also ends the next
   * epoch: that erasure leaves the queue, and may have begun it.
   */
  private OwnerErased stamped(OwnerErased erasure, List<Change> before) {
    long epoch = local.preferences(erasure.owner()).epoch();
    for (Change change : before) {
      long named = change.stamp().epoch();
      epoch = Math.max(epoch, change instanceof OwnerErased ? named + 1 : named);
    }
    ChangeStamp stamp = erasure.stamp();
    return new OwnerErased(
        new ChangeStamp(stamp.id(), stamp.owner(), epoch, now.get(), stamp.node()));
  }
}
