package io.conversationstore.hybrid.internal.overlay;

import static java.util.Objects.requireNonNull;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.internal.mirror.MissedStates;
import io.conversationstore.hybrid.internal.support.BaseLocks;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.ConversationFilter;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.Transitions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from an engine, the database or the local copy, with this node's pending changes laid over.
 * Pending changes are always read before the engine: a change drained in between is then seen twice
 * and shown once, never missed. Thread-safe.
 */
public final class OverlayReader {

  private static final Logger LOG = LoggerFactory.getLogger(OverlayReader.class);

  /** Latest use first, then by id. */
  static final Comparator<ConversationState> LIST_ORDER =
      Comparator.comparing(
              (ConversationState state) -> state.requireLive().updatedAt(),
              Comparator.reverseOrder())
          .thenComparing(ConversationState::id, CodePointOrder.INSTANCE);

  private final LocalStore local;
  private final MissedStates missed;
  private final Predicate<UUID> sent;
  private final BaseLocks baseLocks;
  private final Runnable stillUsable;

  /**
   * @param missed states that the local copy lacks
   * @param sent whether the change of this id may have reached the database
   * @param stillUsable fails if the database is no longer in use
   */
  public OverlayReader(
      LocalStore local,
      MissedStates missed,
      Predicate<UUID> sent,
      BaseLocks baseLocks,
      Runnable stillUsable) {
    this.local = local;
    this.missed = missed;
    this.sent = sent;
    this.baseLocks = baseLocks;
    this.stillUsable = stillUsable;
  }

  private List<Change> heads(Owner owner, String id) {
    return LocalFailureException.guard(() -> local.pendingHeads(owner, id));
  }

  private List<Change> heads(Owner owner) {
    return LocalFailureException.guard(() -> local.pendingHeads(owner));
  }

  /** The owner's conversations with these pending changes laid over an engine's answers. */
  OwnerViews views(StoreEngine base, Owner owner, List<Change> pending) {
    return new OwnerViews(this, base, owner, pending, new PendingContents(local));
  }

  /**
   * Whether the local copy has all messages of a conversation as of a known time, and all writes of
   * this node.
   */
  public boolean isComplete(Owner owner, String id) {
    return local.find(owner, id).provenance().complete() && !misses(owner, id);
  }

  /** Whether the copy, or an unreadable pending change, lacks a part of it. */
  private boolean misses(Owner owner, String id) {
    return missed.covers(owner, id)
        || local.unreadable().stream()
            .anyMatch(
                change ->
                    change.owner().equals(owner)
                        && (change.conversationId() == null || change.conversationId().equals(id)));
  }

  private boolean misses(Owner owner) {
    return missed.covers(owner)
        || local.unreadable().stream().anyMatch(change -> change.owner().equals(owner));
  }

  /** Whether a conversation that the copy holds as deleted may have been recreated. */
  public boolean mayHaveBeenRecreated(Owner owner, String id) {
    return missed.covers(owner, id);
  }

  /** Whether a live conversation of the copy is known to this node as deleted. */
  public boolean isEnded(ConversationState copy) {
    return copy.generation() != ConversationRef.LIVE && missed.ends(copy);
  }

  /** The engine's provenance, marked incomplete if the copy misses rows. */
  private static Provenance withCompleteness(Provenance provenance, boolean misses) {
    return misses
        ? new Provenance(provenance.source(), provenance.asOf(), false, provenance.pending())
        : provenance;
  }

  /**
   * Reads while no pending change of the owner is applied to the base. In the common case there are
   * none, at low cost; a change that is queued meanwhile is later than the read.
   *
   * @param question receives the heads of the pending changes
   */
  <T> T withStableBase(StoreEngine base, Owner owner, Function<List<Change>, T> question) {
    return local.hasPending(owner)
        ? withStableBase(base, owner, () -> question.apply(heads(owner)))
        : question.apply(List.of());
  }

  /** The same with the pending changes that touch one conversation. */
  public <T> T withStableBase(
      StoreEngine base, Owner owner, String id, Function<List<Change>, T> question) {
    return local.hasPending(owner, id)
        ? withStableBase(base, owner, () -> question.apply(heads(owner, id)))
        : question.apply(List.of());
  }

  private <T> T withStableBase(StoreEngine base, Owner owner, Supplier<T> question) {
    return baseLocks.reading(
        base == local,
        owner,
        () -> {
          if (base != local) {
            // It may have waited for a batch that the database did not answer; it must not wait
            // again.
            stillUsable.run();
          }
          return settled(question);
        });
  }

  /**
   * Retries when a change left the queue between reading its head and its content. Each retry sees
   * another queue: changes being applied to the base are waited for, unreadable ones are left out.
   */
  public static <T> T settled(Supplier<T> question) {
    while (true) {
      try {
        return question.get();
      } catch (PendingContents.MovedException moved) {
        LOG.debug("Pending changes are read again: {}", moved.getMessage());
      }
    }
  }

  /** A conversation with these pending changes laid over; their heads suffice. */
  public PendingView view(
      StoreEngine base, Owner owner, String id, Found found, List<Change> pending) {
    return view(base, owner, id, found, pending, new PendingContents(local));
  }

  PendingView view(
      StoreEngine base,
      Owner owner,
      String id,
      Found found,
      List<Change> pending,
      PendingContents contents) {
    PendingView view =
        new PendingView(
            id,
            found,
            messageId -> base.message(owner, id, messageId),
            base == local ? change -> true : sent,
            sent,
            () -> base == local ? lacking(owner, id, found.conversation()) : 0,
            contents);
    pending.forEach(view::add);
    return view;
  }

  /**
   * Whether a pending erasure removes rows of an epoch. One not yet sent removes all rows, because
   * it is later than everything in the database.
   */
  boolean takes(Change erasure, long epoch) {
    return OwnerViews.erases(erasure, epoch) || !sent.test(erasure.id());
  }

  /** How many messages counted by a header of the copy the copy lacks. */
  private long lacking(Owner owner, String id, @Nullable ConversationState header) {
    if (header == null || !header.isLive() || local.find(owner, id).provenance().complete()) {
      return 0;
    }
    long held = 0;
    Position.@Nullable InConversation place = null;
    Slice<MessageState> slice;
    do {
      slice = local.messages(owner, id, Direction.FORWARD, place, Page.MAX_LIMIT).slice();
      for (MessageState message : slice.items()) {
        held++;
        place =
            new Position.InConversation(
                slice.history(), message.epoch(), message.generation(), message.seq(), null);
      }
    } while (slice.more());
    return header.requireLive().messageCount() - held;
  }

  public Found find(StoreEngine base, Owner owner, String id) {
    return withStableBase(base, owner, id, pending -> find(base, owner, id, pending));
  }

  private Found find(StoreEngine base, Owner owner, String id, List<Change> pending) {
    Found found = base.find(owner, id);
    Provenance provenance =
        withCompleteness(found.provenance(), base == local && misses(owner, id));
    if (pending.isEmpty()) {
      requireKnown(base, owner, id, found.conversation(), false);
      return new Found(found.conversation(), found.ownerEpoch(), provenance);
    }
    PendingView view = view(base, owner, id, found, pending);
    requireKnown(base, owner, id, view.header(), view.erased());
    return new Found(view.header(), found.ownerEpoch(), pending(provenance));
  }

  /** A conversation unknown to the local copy may exist all the same. */
  private void requireKnown(
      StoreEngine base,
      Owner owner,
      String id,
      @Nullable ConversationState header,
      boolean erased) {
    if (base != local || erased) {
      return;
    }
    if (header == null || (!header.isLive() && missed.covers(owner, id))) {
      throw new UnknownWhileOfflineException(owner, id);
    }
  }

  public MessageSlice messages(
      StoreEngine base,
      Owner owner,
      String id,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return withStableBase(
        base, owner, id, pending -> messages(base, owner, id, direction, from, limit, pending));
  }

  private MessageSlice messages(
      StoreEngine base,
      Owner owner,
      String id,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit,
      List<Change> pending) {
    if (pending.isEmpty() && !isOfPending(from)) {
      if (base == local) {
        requireKnown(base, owner, id, base.find(owner, id).conversation(), false);
      }
      return withCompleteness(base, owner, base.messages(owner, id, direction, from, limit));
    }
    Found found = base.find(owner, id);
    PendingView view = view(base, owner, id, found, pending);
    requireKnown(base, owner, id, view.header(), view.erased());
    ConversationState live = view.live();
    if (live == null) {
      throw new ConversationNotFoundException(owner, id);
    }
    OverlayPages pages = pages(base, owner, view, found, !pending.isEmpty());
    return new MessageSlice(live, pages.read(direction, from, limit));
  }

  private OverlayPages pages(
      StoreEngine base, Owner owner, PendingView view, Found found, boolean pending) {
    return new OverlayPages(
        base,
        owner,
        view,
        local.identity().history(),
        withCompleteness(
            pending ? pending(found.provenance()) : found.provenance(),
            base == local && misses(owner, view.id())));
  }

  public MessageSlice messagesFrom(
      StoreEngine base,
      Owner owner,
      String id,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return withStableBase(
        base,
        owner,
        id,
        pending -> messagesFrom(base, owner, id, direction, messageId, including, limit, pending));
  }

  private MessageSlice messagesFrom(
      StoreEngine base,
      Owner owner,
      String id,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit,
      List<Change> pending) {
    if (pending.isEmpty() && base != local) {
      return base.messagesFrom(owner, id, direction, messageId, including, limit);
    }
    Found found = base.find(owner, id);
    PendingView view = view(base, owner, id, found, pending);
    MessageState start =
        existing(base, owner, found, view, messageId)
            .filter(MessageState::isLive)
            .orElseThrow(
                () ->
                    view.live() == null
                        ? new ConversationNotFoundException(owner, id)
                        : new MessageNotFoundException(owner, id, messageId));
    ConversationState live = requireNonNull(view.live());
    OverlayPages pages = pages(base, owner, view, found, !pending.isEmpty());
    try {
      return new MessageSlice(
          live,
          pages.read(direction, pages.before(direction, start, including), limit),
          pages.before(direction, start, false));
    } catch (CursorExpiredException recreated) {
      LOG.debug("The conversation was created again while it was read", recreated);
      throw new MessageNotFoundException(owner, id, messageId);
    }
  }

  /** Whether a page ended at a pending message, or in a conversation that only this node had. */
  private static boolean isOfPending(Position.@Nullable InConversation from) {
    return from != null && (from.pending() != null || from.generation() == ConversationRef.LIVE);
  }

  public Optional<MessageState> message(StoreEngine base, Owner owner, String id, UUID messageId) {
    return withStableBase(base, owner, id, pending -> message(base, owner, id, messageId, pending));
  }

  private Optional<MessageState> message(
      StoreEngine base, Owner owner, String id, UUID messageId, List<Change> pending) {
    if (pending.isEmpty() && base != local) {
      return base.message(owner, id, messageId);
    }
    Found found = base.find(owner, id);
    PendingView view = view(base, owner, id, found, pending);
    return existing(base, owner, found, view, messageId).map(view::filled);
  }

  /**
   * A message of a view, deleted ones included. The copy's completeness is checked before and after
   * the message is looked up, because contents may arrive and be evicted meanwhile.
   *
   * @throws UnknownWhileOfflineException if the copy lacks it and may be incomplete
   */
  private Optional<MessageState> existing(
      StoreEngine base, Owner owner, Found found, PendingView view, UUID messageId) {
    String id = view.id();
    requireKnown(base, owner, id, view.header(), view.erased());
    if (base != local) {
      return view.existing(messageId);
    }
    boolean complete = isComplete(owner, id);
    // The rows of a conversation may be of another generation than its header, which came later.
    Optional<MessageState> message =
        view.existing(messageId).filter(state -> state.seq() == 0 || isOf(state, view.header()));
    boolean copyCounts = view.baseVisible() || (found.conversation() == null && !view.erased());
    if (message.isEmpty() && copyCounts && !(complete && isComplete(owner, id))) {
      throw new UnknownWhileOfflineException(owner, id, messageId);
    }
    return message;
  }

  private static boolean isOf(MessageState message, @Nullable ConversationState header) {
    return header != null && message.generation() == header.generation();
  }

  public Slice<ConversationState> conversations(
      StoreEngine base,
      Owner owner,
      ConversationQuery query,
      Position.@Nullable InConversations from) {
    return withStableBase(base, owner, pending -> conversations(base, owner, query, from, pending));
  }

  private Slice<ConversationState> conversations(
      StoreEngine base,
      Owner owner,
      ConversationQuery query,
      Position.@Nullable InConversations from,
      List<Change> pending) {
    if (pending.isEmpty()) {
      return withCompleteness(base, owner, base.conversations(owner, query, from));
    }
    OwnerViews views = views(base, owner, pending);
    ConversationFilter filter = new ConversationFilter(query);
    List<ConversationState> merged = new ArrayList<>();
    for (PendingView view : views.all().values()) {
      ConversationState live = view.live();
      if (live != null && filter.matches(live) && isBeyond(live, from)) {
        merged.add(live);
      }
    }
    Position.InConversations place = from;
    Slice<ConversationState> slice;
    int wanted = query.limit() + merged.size();
    do {
      slice = base.conversations(owner, query, place);
      for (ConversationState state : slice.items()) {
        place =
            new Position.InConversations(
                slice.history(), state.requireLive().updatedAt(), state.id());
        if (!views.replaces(state.epoch(), state.id())) {
          merged.add(state);
        }
      }
    } while (slice.more() && merged.size() <= wanted);
    merged.sort(LIST_ORDER);
    boolean more = slice.more() || merged.size() > query.limit();
    return new Slice<>(
        slice.history(),
        merged.subList(0, Math.min(query.limit(), merged.size())),
        more,
        pending(withCompleteness(slice.provenance(), base == local && misses(owner))));
  }

  private MessageSlice withCompleteness(StoreEngine base, Owner owner, MessageSlice read) {
    return base == local && misses(owner, read.conversation().id())
        ? new MessageSlice(read.conversation(), incomplete(read.slice()))
        : read;
  }

  private <T> Slice<T> withCompleteness(StoreEngine base, Owner owner, Slice<T> slice) {
    return base == local && misses(owner) ? incomplete(slice) : slice;
  }

  private static <T> Slice<T> incomplete(Slice<T> slice) {
    return new Slice<>(
        slice.history(),
        slice.items(),
        slice.more(),
        withCompleteness(slice.provenance(), true),
        slice.next());
  }

  private static boolean isBeyond(
      ConversationState state, Position.@Nullable InConversations from) {
    if (from == null) {
      return true;
    }
    int byTime = state.requireLive().updatedAt().compareTo(from.updatedAt());
    return byTime < 0
        || (byTime == 0 && CodePointOrder.INSTANCE.compare(state.id(), from.id()) > 0);
  }

  public Slice<MessageState> history(
      StoreEngine base,
      Owner owner,
      Direction direction,
      Position.@Nullable InHistory from,
      int limit) {
    return withStableBase(
        base, owner, pending -> history(base, owner, direction, from, limit, pending));
  }

  private Slice<MessageState> history(
      StoreEngine base,
      Owner owner,
      Direction direction,
      Position.@Nullable InHistory from,
      int limit,
      List<Change> pending) {
    if (pending.isEmpty() && (from == null || from.overlay() == null)) {
      return withCompleteness(base, owner, base.history(owner, direction, from, limit));
    }
    OwnerViews views = views(base, owner, pending);
    return withCompleteness(
        base, owner, new OverlayHistory(base, owner, views).read(direction, from, limit));
  }

  public Slice<MessageState> search(
      StoreEngine base,
      Owner owner,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit) {
    return withStableBase(
        base, owner, pending -> search(base, owner, filter, from, limit, pending));
  }

  private Slice<MessageState> search(
      StoreEngine base,
      Owner owner,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit,
      List<Change> pending) {
    String id = filter.conversationId();
    if (id != null
        && (base == local || !pending.isEmpty())
        && find(base, owner, id, pending.isEmpty() ? pending : heads(owner, id)).live() == null) {
      throw new ConversationNotFoundException(owner, id);
    }
    if (pending.isEmpty()) {
      // The message at which the last page ended was sent: restart, which may repeat messages but
      // skips none.
      boolean wasPending = from != null && from.overlay() != null;
      return withCompleteness(
          base, owner, base.search(owner, filter, wasPending ? null : from, limit));
    }
    OwnerViews views = views(base, owner, pending);
    return withCompleteness(
        base, owner, new OverlaySearch(base, owner, views, filter).read(from, limit));
  }

  public OwnerCounts count(StoreEngine base, Owner owner) {
    return withStableBase(base, owner, pending -> count(base, owner, pending));
  }

  OwnerCounts count(StoreEngine base, Owner owner, List<Change> pending) {
    if (pending.isEmpty() && base != local) {
      return base.count(owner);
    }
    OwnerViews views = views(base, owner, pending);
    long conversations = 0;
    long messages = 0;
    if (base == local) {
      // Counts from headers: the copy may lack messages, and counts only those it has.
      for (ConversationState header : untouched(base, owner, views)) {
        conversations++;
        messages += header.requireLive().messageCount();
      }
    } else if (!views.erased()) {
      OwnerCounts counts = base.count(owner);
      conversations = counts.conversations();
      messages = counts.messages();
      for (String id : views.all().keySet()) {
        ConversationState before = views.base(id);
        if (before != null && before.isLive()) {
          conversations--;
          messages -= before.requireLive().messageCount();
        }
      }
    }
    for (PendingView view : views.all().values()) {
      ConversationState after = view.live();
      if (after != null) {
        conversations++;
        messages += after.requireLive().messageCount();
      }
    }
    return new OwnerCounts(conversations, messages);
  }

  /** The live conversations that pending changes do not touch. */
  private static List<ConversationState> untouched(
      StoreEngine base, Owner owner, OwnerViews views) {
    List<ConversationState> untouched = new ArrayList<>();
    Position.@Nullable InConversations place = null;
    Slice<ConversationState> slice;
    do {
      slice = base.conversations(owner, ConversationQuery.all().withLimit(Page.MAX_LIMIT), place);
      for (ConversationState state : slice.items()) {
        place =
            new Position.InConversations(
                slice.history(), state.requireLive().updatedAt(), state.id());
        if (!views.replaces(state.epoch(), state.id())) {
          untouched.add(state);
        }
      }
    } while (slice.more());
    return untouched;
  }

  public PreferencesState preferences(StoreEngine base, Owner owner) {
    return withStableBase(base, owner, pending -> preferences(base, owner, pending));
  }

  private PreferencesState preferences(StoreEngine base, Owner owner, List<Change> pending) {
    PreferencesState state = base.preferences(owner);
    for (Change change : pending) {
      if (OwnerViews.isOfErased(change, state.epoch())) {
        continue;
      }
      state = over(state, change);
    }
    return state;
  }

  private PreferencesState over(PreferencesState state, Change change) {
    return switch (change.kind()) {
      case PREFERENCES_PUT -> {
        PreferencesPut put = (PreferencesPut) change;
        Instant at = put.stamp().time();
        long active = Math.max(ConversationRef.LIVE, put.activeGeneration());
        yield Transitions.put(state, put.update(), active, at, ApplyMode.REPLAY);
      }
      case OWNER_ERASED ->
          takes(change, state.epoch())
              ? PreferencesState.none(state.owner(), state.epoch())
              : state;
      case CONVERSATION_DELETED -> withoutUnknown(state, ((ConversationDeleted) change).ref().id());
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          BULK ->
          state;
    };
  }

  /**
   * Clears a preference for a generation still unknown after a delete of that conversation: it
   * applies to no later one.
   */
  private static PreferencesState withoutUnknown(PreferencesState state, String deleted) {
    return deleted.equals(state.activeConversation())
            && state.activeGeneration() == ConversationRef.LIVE
        ? new PreferencesState(
            state.owner(),
            state.epoch(),
            state.version(),
            null,
            0,
            state.activeConversationTime(),
            state.selectedModel(),
            state.selectedModelTime())
        : state;
  }

  /** The same, marked as holding pending changes. */
  static Provenance pending(Provenance provenance) {
    return new Provenance(provenance.source(), provenance.asOf(), provenance.complete(), true);
  }
}
