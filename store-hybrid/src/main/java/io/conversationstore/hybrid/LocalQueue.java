package io.conversationstore.hybrid;

import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.NotKnownNowException;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Provenance;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Takes changes that cannot go to the database now: checks them against what this node knows, and
 * adds them to the local queue, where they are durable. Thread-safe; what is about one conversation
 * is taken one at a time.
 */
final class LocalQueue {

  /**
   * A first attempt at the database.
   *
   * @param maybeSent whether the database may have the change already, and the local copy with it
   * @param wasThere whether the message that it deletes was there before
   */
  record Attempt(boolean maybeSent, boolean wasThere) {
    static final Attempt NONE = new Attempt(false, false);
  }

  private final LocalStore local;
  private final OverlayReader reader;
  private final SentChanges sent;
  private final Rejections rejections;
  private final OwnerLocks locks;
  private final PendingViews views;
  private final Supplier<Instant> now;
  private final QueueStamps stamps;

  /**
   * @param now the node's clock, corrected to the database's
   */
  LocalQueue(
      LocalStore local,
      OverlayReader reader,
      SentChanges sent,
      Rejections rejections,
      Supplier<Instant> now,
      Clockwork clockwork) {
    this.locks = new OwnerLocks(clockwork);
    this.local = local;
    this.reader = reader;
    this.sent = sent;
    this.rejections = rejections;
    this.now = now;
    this.stamps = new QueueStamps(local, now);
    this.views = new PendingViews(local, reader);
  }

  /** What this node knows may have changed by other ways than this queue. */
  void forgetViews() {
    views.forget();
  }

  /** What this node knows of these rows has changed by other ways than this queue. */
  void forgetViews(List<? extends State> states) {
    for (State state : states) {
      if (state instanceof ConversationState conversation) {
        views.forget(conversation.owner(), conversation.id());
      } else if (state instanceof OwnerState) {
        views.forget();
      }
    }
  }

  /**
   * Ends changes. None is taken meanwhile: one that was checked against a conversation whose create
   * is pending would come too late to learn the generation that the create was given.
   */
  void settle(List<Settlement> settlements) {
    change(() -> local.settle(settlements));
  }

  /** Does something to the queue while no change is taken. */
  void change(Runnable action) {
    locks.exclusive(
        () -> {
          action.run();
          views.forget();
          return true;
        });
  }

  /**
   * Takes a change; when this returns it is on disk. One that the database may have already keeps
   * the epoch and the time that it was sent with: sent again, it must neither outlive an erasure
   * nor undo an edit that came after the first attempt.
   *
   * @throws NotKnownNowException if it depends on something that only the database knows
   * @throws StoreUnavailableException if it is of a kind that needs the database, or the local
   *     files fail
   */
  Applied accept(Change change, Attempt attempt) {
    if (attempt.maybeSent()) {
      return taken(change, attempt);
    }
    sent.queued(change.id());
    boolean queued = false;
    try {
      // Nobody has it, so it is made now; what is taken over from a file was made when that was.
      Change fresh =
          change instanceof Bulk bulk && bulk.isOnce()
              ? change
              : change.withStamp(change.stamp().withEpoch(ChangeStamp.PRESENT_EPOCH));
      Applied applied = taken(fresh, attempt);
      queued = applied.changed();
      return applied;
    } finally {
      if (!queued) {
        sent.gone(change.id());
      }
    }
  }

  private Applied taken(Change change, Attempt attempt) {
    if (change instanceof OwnerErased erasure) {
      return locks.exclusive(() -> erase(erasure, attempt));
    }
    if (change instanceof Bulk bulk) {
      return locks.exclusive(() -> bulk(bulk, attempt));
    }
    if (change instanceof PreferencesPut put) {
      return locks.exclusive(() -> preferences(put, attempt));
    }
    Owner owner = change.owner();
    String id = conversationId(change);
    return locks.of(
        owner, id, () -> OverlayReader.settled(() -> toOne(owner, id, change, attempt)));
  }

  /**
   * @throws PendingContents.MovedException if a pending change cannot be read that the view shows;
   *     nothing was queued then, and the view is gone
   */
  private Applied toOne(Owner owner, String id, Change change, Attempt attempt) {
    PendingView view = views.get(owner, id);
    try {
      if (change instanceof ConversationCreated create) {
        return create(view, create, attempt);
      }
      return toConversation(view, id, change, attempt);
    } catch (PendingContents.MovedException moved) {
      views.forget(owner, id);
      throw moved;
    } finally {
      view.clearContents();
    }
  }

  private static String conversationId(Change change) {
    if (change instanceof ConversationCreated create) {
      return create.conversationId();
    }
    ConversationRef ref = change.ref();
    if (ref == null) {
      throw new IllegalArgumentException("not about a conversation: " + change.getClass());
    }
    return ref.id();
  }

  private Applied create(PendingView view, ConversationCreated create, Attempt attempt) {
    ConversationState live = view.live();
    if (live != null) {
      // Its own first attempt may have made it, and the feed have told of it since.
      if (create.strict() && !live.createdBy().equals(create.id())) {
        throw new ConversationExistsException(create.owner(), create.conversationId());
      }
      if (attempt.maybeSent() && !live.createdBy().equals(create.id())) {
        // The first attempt may be on its way, and make anew what is deleted before it arrives: the
        // database has to know that it joined this one.
        enqueue(view, create, List.of());
      }
      return Applied.of(false, List.of(live));
    }
    if (create.strict()) {
      throw new StoreUnavailableException(
          "creating conversation "
              + create.conversationId()
              + " of "
              + create.owner()
              + " under an id of the caller's choice needs the database; createIfAbsent does not",
          null);
    }
    if (view.isOfErased(create)) {
      // Made by the first attempt or not, the erasure came after it. The database will say so.
      local.enqueue(create);
      return Applied.of(true, List.of(PendingView.made(create)));
    }
    return enqueue(view, create, List.of());
  }

  private Applied toConversation(PendingView view, String id, Change change, Attempt attempt) {
    ConversationState live = view.live();
    boolean unknown =
        live == null ? !isKnownToBeGone(view, change.owner(), id) : reader.isEnded(live);
    if (unknown) {
      throw new NotKnownNowException(change.owner(), id);
    }
    if (live == null || (attempt.maybeSent() && isAboutEarlier(change, view, live))) {
      if (change instanceof ConversationDeleted) {
        // What a first attempt found live is deleted by now, by that attempt perhaps.
        return Applied.of(attempt.maybeSent(), List.of());
      }
      throw new ConversationNotFoundException(change.owner(), id);
    }
    Change about = isAsSent(change, attempt) ? change : change.withGeneration(view.target());
    if (about instanceof MessagesAppended append) {
      return append(view, live, append);
    } else if (change instanceof MessageEdited edit) {
      if (isAbsent(view, change.owner(), id, edit.messageId())) {
        throw new MessageNotFoundException(change.owner(), id, edit.messageId());
      }
      Change named = edit.withGeneration(view.generationOf(edit.messageId(), live));
      return enqueue(view, named, List.of(edit.messageId()));
    } else if (change instanceof MessageDeleted delete) {
      if (isAbsent(view, change.owner(), id, delete.messageId())) {
        return Applied.of(attempt.wasThere(), List.of(live));
      }
      return enqueue(
          view, delete.withGeneration(view.generationOf(delete.messageId(), live)), List.of());
    }
    return enqueue(view, about, List.of());
  }

  /** Whether a change was sent about a generation: sent again, it must not reach another one. */
  private static boolean isAsSent(Change change, Attempt attempt) {
    ConversationRef ref = change.ref();
    return attempt.maybeSent() && ref != null && ref.generation() != ConversationRef.LIVE;
  }

  /** Whether it is certain, and not only unknown here, that a conversation is not there. */
  private boolean isKnownToBeGone(PendingView view, Owner owner, String id) {
    return view.erased() || (view.header() != null && !reader.mayHaveBeenMadeAnew(owner, id));
  }

  /**
   * Whether a change that was tried before named a generation that is deleted by now, or an epoch
   * that is erased. It may have been applied there, and must not be applied to what followed as
   * well, be that only pending.
   */
  private static boolean isAboutEarlier(Change change, PendingView view, ConversationState live) {
    ConversationRef ref = change.ref();
    long epoch = change.stamp().epoch();
    if (epoch != ChangeStamp.PRESENT_EPOCH && epoch < live.epoch()) {
      return true;
    }
    if (ref == null || ref.generation() == ConversationRef.LIVE) {
      return false;
    }
    return live.generation() == ConversationRef.LIVE
        ? view.ended(ref.generation())
        : ref.generation() < live.generation();
  }

  /**
   * Whether a message is not there. That the copy is complete has to be known before it is looked
   * at: what arrives in between would be missed in an old copy that a new one vouches for.
   *
   * @throws NotKnownNowException if the copy lacks it, and may lack messages that are there
   */
  private boolean isAbsent(PendingView view, Owner owner, String id, UUID messageId) {
    if (view.message(messageId).isPresent()) {
      return false;
    }
    boolean complete = reader.isComplete(owner, id);
    if (view.message(messageId).isPresent()) {
      return false;
    }
    // And still is: contents may be taken out of it in between.
    if (!complete || !reader.isComplete(owner, id)) {
      throw new NotKnownNowException(owner, id);
    }
    return true;
  }

  private Applied append(PendingView view, ConversationState live, MessagesAppended append) {
    List<NewMessage> absent = new ArrayList<>();
    List<State> existing = new ArrayList<>();
    existing.add(live);
    for (NewMessage message : append.messages()) {
      Optional<MessageState> there = view.existing(message.id());
      if (there.isPresent() && !there.get().digest().equals(message.digest())) {
        throw new MessageConflictException(append.owner(), append.ref().id(), message.id());
      }
      there.map(view::filled).ifPresentOrElse(existing::add, () -> absent.add(message));
    }
    if (absent.isEmpty()) {
      return Applied.of(false, existing);
    }
    if (append.condition().checksLast()) {
      throw new StoreUnavailableException(
          "an append with a condition on the last message of conversation "
              + append.ref().id()
              + " of "
              + append.owner()
              + " needs the database",
          null);
    }
    // Without what is there: laid over an engine that has it, it would be shown a second time.
    MessagesAppended missing =
        new MessagesAppended(append.stamp(), append.ref(), absent, append.condition(), false);
    return enqueue(view, missing, append.messages().stream().map(NewMessage::id).toList());
  }

  /** Enqueues, lays the change over the view and returns the rows it is about. */
  private Applied enqueue(PendingView view, Change change, List<UUID> messageIds) {
    Change pending = stamps.of(view, change);
    // Before it is in the queue: from then on it may be drained and mirrored at any time, and laid
    // over that it would count for nothing.
    views.add(view, pending);
    boolean queued = false;
    try {
      List<State> states = rows(view, pending, messageIds);
      local.enqueue(pending);
      queued = true;
      return Applied.of(true, states);
    } finally {
      if (!queued) {
        views.forget(change.owner(), conversationId(change));
      }
    }
  }

  /** The rows that a change is about, looked up while it can still be refused. */
  private List<State> rows(PendingView view, Change change, List<UUID> messageIds) {
    List<State> states = new ArrayList<>();
    ConversationState header = view.header();
    if (header != null) {
      states.add(header);
    }
    for (UUID messageId : messageIds) {
      Optional<MessageState> message = view.message(messageId);
      message.map(view::filled).ifPresent(states::add);
      if (message.isEmpty() && change instanceof MessageEdited) {
        // The feed has told of its delete since it was looked for, or the copy has given it up.
        String id = conversationId(change);
        if (!reader.isComplete(change.owner(), id)) {
          throw new NotKnownNowException(change.owner(), id);
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
          throw new NotKnownNowException(owner, active);
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
        true, List.of(Transitions.put(before, update, generation, at, ApplyMode.REPLAY)));
  }

  private Applied bulk(Bulk bulk, Attempt attempt) {
    if (attempt.maybeSent()) {
      // It may be on its way, and make anew what is live here: what is queued behind it must learn
      // from its settlement where it landed.
      local.enqueue(new Bulk(bulk.stamp(), bulk.changes(), true));
      views.forget();
      return Applied.of(true, List.of());
    }
    // What is there may go with an erasure that waits.
    boolean erasing = local.hasPendingErasure(bulk.owner());
    if (bulk.isOnce()) {
      return takenOver(bulk, erasing);
    }
    Set<String> ids = new HashSet<>();
    OverlayReader.collectIds(bulk.changes(), ids);
    Map<String, Long> generations = new HashMap<>();
    Instant at = now.get();
    long epoch = local.preferences(bulk.owner()).epoch();
    for (String id : ids) {
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
   * A part of a file that is taken over. It stays as it is: the database knows whether it was taken
   * over before, and whether the owner was erased since.
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
    before.forEach(change -> sent.gone(change.id()));
    rejections.removeParked(erasure.owner());
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
                "other nodes: their copies go at their next contact with the database",
                "backups of the database and of the local files"));
    return new Applied(true, List.of(), List.of(), receipt);
  }

  private OwnerErased stamped(OwnerErased erasure, List<Change> before) {
    ChangeStamp stamp = erasure.stamp();
    // An earlier erasure may be on its way, and raise the epoch.
    long epoch =
        before.stream().anyMatch(OwnerErased.class::isInstance)
            ? ChangeStamp.PRESENT_EPOCH
            : local.preferences(erasure.owner()).epoch();
    return new OwnerErased(
        new ChangeStamp(stamp.id(), stamp.owner(), epoch, now.get(), stamp.node()));
  }
}
