package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.ParkedChange;
import io.conversationstore.Provenance;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.hybrid.internal.connection.KnownRows;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The local store, whose copy takes this node's committed states shortly after, in batches: no call
 * waits for two stores. Readers of the copy wait until all states are written, so the delay is
 * invisible, except in {@link #known}. States lost in a crash are in the database and come through
 * the feed, because the feed position is never ahead of the copy. Thread-safe.
 */
public final class WriteBehindMirror implements LocalStore, KnownRows {

  /** How long a committed state may wait for more. */
  private static final long WAIT_MILLIS = 20;

  /** Row count, or content in characters and bytes (2 MiB), that is written without waiting. */
  private static final int MAX_ROWS = 1_000;

  private static final long MAX_CONTENT = 2L << 20;

  private final LocalStore files;
  private final NodeScheduler scheduler;
  private final Consumer<List<State>> put;
  private final Runnable onEnqueued;
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();

  /** Whether states wait or are being written; written under the lock. */
  private volatile boolean any;

  /** Guarded by the lock. */
  private List<State> waiting = new ArrayList<>();

  /** Guarded by the lock. */
  private List<State> beingWritten = List.of();

  /** Guarded by the lock. */
  private long content;

  /** Guarded by the lock. */
  private boolean scheduled;

  /**
   * @param put puts states into the files, or records that the files lack them
   * @param onEnqueued called after any caller added a change to the queue
   */
  public WriteBehindMirror(
      LocalStore files, NodeScheduler scheduler, Consumer<List<State>> put, Runnable onEnqueued) {
    this.files = files;
    this.scheduler = scheduler;
    this.put = put;
    this.onEnqueued = onEnqueued;
  }

  /** Takes states committed by this node, in the order of the calls; owner rows are excluded. */
  public void defer(List<? extends State> states) {
    boolean wake = false;
    boolean full;
    lock.lock();
    try {
      waiting.addAll(states);
      for (State state : states) {
        content += ContentSize.of(state);
      }
      any = true;
      full = waiting.size() > MAX_ROWS || content > MAX_CONTENT;
      if (!full && !scheduled) {
        scheduled = true;
        wake = true;
      }
    } finally {
      lock.unlock();
    }
    if (full) {
      flush();
    } else if (wake) {
      scheduler.schedule(this::flush, WAIT_MILLIS);
    }
  }

  /** Writes waiting states, and waits until all earlier ones are written. */
  public void flush() {
    if (!any) {
      return;
    }
    scheduler.acquire(writing);
    try {
      List<State> states = begin();
      if (!states.isEmpty()) {
        put.accept(withoutSuperseded(states));
      }
    } finally {
      end();
      writing.unlock();
    }
  }

  /**
   * Only the latest header of each conversation is needed; it precedes the messages. Threads may
   * deliver headers out of commit order.
   */
  private static List<State> withoutSuperseded(List<State> states) {
    Map<ConversationKey, Integer> places = new HashMap<>();
    List<State> left = new ArrayList<>(states.size());
    for (State state : states) {
      if (state instanceof ConversationState header) {
        Integer place =
            places.putIfAbsent(new ConversationKey(header.owner(), header.id()), left.size());
        if (place != null) {
          if (MissedStates.isLater(header, left.get(place))) {
            left.set(place, header);
          }
          continue;
        }
      }
      left.add(state);
    }
    return left;
  }

  private record ConversationKey(Owner owner, String id) {}

  private List<State> begin() {
    lock.lock();
    try {
      beingWritten = waiting;
      waiting = new ArrayList<>();
      content = 0;
      scheduled = false;
      return beingWritten;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      beingWritten = List.of();
      any = !waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * This node's latest committed state of a conversation, possibly deleted; null if it is in the
   * files or absent. Never waits.
   */
  public @Nullable ConversationState latest(Owner owner, String conversationId) {
    if (!any) {
      return null;
    }
    lock.lock();
    try {
      ConversationState header = latest(waiting, owner, conversationId);
      ConversationState before = latest(beingWritten, owner, conversationId);
      return before != null && (header == null || MissedStates.isLater(before, header))
          ? before
          : header;
    } finally {
      lock.unlock();
    }
  }

  /**
   * This node's state of a conversation, possibly deleted; null if unknown. Never waits: the files
   * know all states no longer listed here.
   */
  @Override
  public @Nullable ConversationState known(Owner owner, String conversationId) {
    ConversationState latest = latest(owner, conversationId);
    return latest != null ? latest : files.find(owner, conversationId).conversation();
  }

  /** The owner's epoch as this node knows it. Never waits, because erasures are not delayed. */
  @Override
  public long knownEpoch(Owner owner) {
    return files.preferences(owner).epoch();
  }

  private static @Nullable ConversationState latest(
      List<State> states, Owner owner, String conversationId) {
    ConversationState latest = null;
    for (State state : states) {
      if (state instanceof ConversationState header
          && header.id().equals(conversationId)
          && header.owner().equals(owner)
          && (latest == null || MissedStates.isLater(header, latest))) {
        latest = header;
      }
    }
    return latest;
  }

  private LocalStore flushed() {
    flush();
    return files;
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return flushed().apply(change, mode);
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return files.provenanceOf(applied);
  }

  @Override
  public Found find(Owner owner, String conversationId) {
    return flushed().find(owner, conversationId);
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return flushed().messages(owner, conversationId, direction, from, limit);
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return flushed().messagesFrom(owner, conversationId, direction, messageId, including, limit);
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return flushed().message(owner, conversationId, messageId);
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return flushed().history(owner, direction, from, limit);
  }

  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return flushed().search(owner, filter, from, limit);
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return flushed().conversations(owner, query, from);
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return flushed().preferences(owner);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return flushed().count(owner);
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return flushed().deleteMessagesBefore(cutoff);
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return flushed().archiveIdleBefore(cutoff);
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return flushed().statistics(tenantId);
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return flushed().activeUsers(tenantId, since, limit);
  }

  @Override
  public long fileBytes() {
    return files.fileBytes();
  }

  @Override
  public FileSpace fileSpace() {
    return files.fileSpace();
  }

  @Override
  public Future<?> collectGarbage() {
    return files.collectGarbage();
  }

  @Override
  public StoreHealth health() {
    return files.health();
  }

  @Override
  public List<ParkedChange> parkedChanges() {
    return files.parkedChanges();
  }

  @Override
  public boolean retryParked(UUID changeId) {
    return files.retryParked(changeId);
  }

  @Override
  public boolean discardParked(UUID changeId) {
    return files.discardParked(changeId);
  }

  @Override
  public StoreState state() {
    return files.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return files.onStateChange(listener);
  }

  @Override
  public Identity identity() {
    return files.identity();
  }

  @Override
  public void remember(Handshake handshake, long clockOffsetMicros) {
    files.remember(handshake, clockOffsetMicros);
  }

  @Override
  public void mirror(
      List<? extends State> states, @Nullable FeedPosition position, @Nullable Instant asOf) {
    flushed().mirror(states, position, asOf);
  }

  @Override
  public void mirror(List<? extends State> states) {
    flushed().mirror(states);
  }

  @Override
  public void rememberPlace(String place) {
    files.rememberPlace(place);
  }

  @Override
  public Unmet unmet() {
    return files.unmet();
  }

  @Override
  public void awaitDatabase() {
    files.awaitDatabase();
  }

  @Override
  public void met(List<Met> conversations) {
    flushed().met(conversations);
  }

  @Override
  public void forgetUnmet(Owner owner, List<String> conversationIds) {
    flushed().forgetUnmet(owner, conversationIds);
  }

  @Override
  public void resetMirror(boolean keep) {
    files.resetMirror(keep);
  }

  @Override
  public List<FormerMirror> formerMirrors() {
    return flushed().formerMirrors();
  }

  @Override
  public Coverage evict(Instant idleSince, long maxBytes, Steps steps) {
    return flushed().evict(idleSince, maxBytes, steps);
  }

  @Override
  public void giveUp(List<Mirrored> conversations) {
    flushed().giveUp(conversations);
  }

  @Override
  public void markIncomplete(List<Mirrored> conversations) {
    flushed().markIncomplete(conversations);
  }

  @Override
  public void markWhole(Mirrored conversation) {
    flushed().markWhole(conversation);
  }

  @Override
  public boolean lacksMessages(Owner owner, String conversationId) {
    return flushed().lacksMessages(owner, conversationId);
  }

  @Override
  public List<ConversationState> lacking(Instant since, int limit) {
    return flushed().lacking(since, limit);
  }

  @Override
  public void renewNode(UUID node) {
    files.renewNode(node);
  }

  @Override
  public List<OwnerState> mirroredOwners() {
    return flushed().mirroredOwners();
  }

  @Override
  public Optional<ConversationState> mirroredConversation(Owner owner, String conversationId) {
    return flushed().mirroredConversation(owner, conversationId);
  }

  @Override
  public List<String> mirroredConversations(Owner owner) {
    return flushed().mirroredConversations(owner);
  }

  @Override
  public List<MessageState> mirroredMessages(
      Owner owner, String conversationId, long afterSeq, int limit) {
    return flushed().mirroredMessages(owner, conversationId, afterSeq, limit);
  }

  @Override
  public Optional<MirroredMessage> mirroredAt(Owner owner, String conversationId, long seq) {
    return flushed().mirroredAt(owner, conversationId, seq);
  }

  @Override
  public Removed enqueue(Change change) {
    Removed removed = flushed().enqueue(change);
    onEnqueued.run();
    return removed;
  }

  @Override
  public boolean hasPending() {
    return files.hasPending();
  }

  @Override
  public boolean hasPending(Owner owner, String conversationId) {
    return files.hasPending(owner, conversationId);
  }

  @Override
  public boolean hasPending(Owner owner) {
    return files.hasPending(owner);
  }

  @Override
  public List<Owner> pendingOwners() {
    return files.pendingOwners();
  }

  @Override
  public List<Change> pending(Owner owner) {
    return files.pending(owner);
  }

  @Override
  public List<Change> pending(Owner owner, String conversationId) {
    return files.pending(owner, conversationId);
  }

  @Override
  public List<Change> pendingHeads(Owner owner) {
    return files.pendingHeads(owner);
  }

  @Override
  public Optional<Change> pendingChange(UUID changeId) {
    return files.pendingChange(changeId);
  }

  @Override
  public boolean hasPendingErasure(Owner owner) {
    return files.hasPendingErasure(owner);
  }

  @Override
  public List<Change> pendingHeads(Owner owner, String conversationId) {
    return files.pendingHeads(owner, conversationId);
  }

  @Override
  public List<Change> pending(int max, long maxBytes) {
    return files.pending(max, maxBytes);
  }

  @Override
  public List<StoreState.Rejected> unreadable() {
    return files.unreadable();
  }

  @Override
  public void settle(List<Settlement> settlements) {
    files.settle(settlements);
  }

  @Override
  public StoreState.Pending pendingFigures() {
    return files.pendingFigures();
  }

  @Override
  public List<StoreState.Rejected> parked() {
    return files.parked();
  }

  @Override
  public List<UUID> parkedOfErased() {
    return files.parkedOfErased();
  }

  @Override
  public Optional<Change> parkedChange(UUID changeId) {
    return files.parkedChange(changeId);
  }

  @Override
  public void close() {
    flush();
    files.close();
  }
}
