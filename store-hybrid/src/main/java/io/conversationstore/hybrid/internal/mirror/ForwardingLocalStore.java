package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.ParkedChange;
import io.conversationstore.Provenance;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
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
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Forwards every method to another local store, default methods included: a new method of the
 * interface must be forwarded here too, or the build fails. Each method declares here whether it
 * depends on rows of the mirror. As thread-safe as the other store.
 */
abstract class ForwardingLocalStore implements LocalStore {

  private final LocalStore store;

  ForwardingLocalStore(LocalStore store) {
    this.store = store;
  }

  /**
   * The other store, for a method that reads or changes rows of the mirror. A subclass that holds
   * rows back writes them first.
   */
  LocalStore current() {
    return store;
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return current().apply(change, mode);
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return store.provenanceOf(applied);
  }

  @Override
  public Found find(Owner owner, String conversationId) {
    return current().find(owner, conversationId);
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return current().messages(owner, conversationId, direction, from, limit);
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return current().messagesFrom(owner, conversationId, direction, messageId, including, limit);
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return current().message(owner, conversationId, messageId);
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return current().history(owner, direction, from, limit);
  }

  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return current().search(owner, filter, from, limit);
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return current().conversations(owner, query, from);
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return current().preferences(owner);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return current().count(owner);
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return current().deleteMessagesBefore(cutoff);
  }

  @Override
  public long purgeDeleted(Duration age) {
    return current().purgeDeleted(age);
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return current().archiveIdleBefore(cutoff);
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return current().statistics(tenantId);
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return current().activeUsers(tenantId, since, limit);
  }

  @Override
  public long fileBytes() {
    return store.fileBytes();
  }

  @Override
  public FileSpace fileSpace() {
    return store.fileSpace();
  }

  @Override
  public Future<?> collectGarbage() {
    return store.collectGarbage();
  }

  @Override
  public StoreHealth health() {
    return store.health();
  }

  @Override
  public StoreFigures figures() {
    return store.figures();
  }

  @Override
  public List<TableSize> tableSizes() {
    return store.tableSizes();
  }

  @Override
  public List<ParkedChange> parkedChanges() {
    return store.parkedChanges();
  }

  @Override
  public boolean retryParked(UUID changeId) {
    return store.retryParked(changeId);
  }

  @Override
  public boolean discardParked(UUID changeId) {
    return store.discardParked(changeId);
  }

  @Override
  public StoreState state() {
    return store.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return store.onStateChange(listener);
  }

  @Override
  public Identity identity() {
    return store.identity();
  }

  @Override
  public void remember(Handshake handshake, long clockOffsetMicros) {
    store.remember(handshake, clockOffsetMicros);
  }

  @Override
  public void mirror(
      List<? extends State> states, @Nullable FeedPosition position, @Nullable Instant asOf) {
    current().mirror(states, position, asOf);
  }

  @Override
  public void mirror(List<? extends State> states) {
    current().mirror(states);
  }

  @Override
  public void rememberPlace(String place) {
    store.rememberPlace(place);
  }

  @Override
  public Unmet unmet() {
    return store.unmet();
  }

  @Override
  public void awaitDatabase() {
    store.awaitDatabase();
  }

  @Override
  public void met(List<Met> conversations) {
    current().met(conversations);
  }

  @Override
  public void forgetUnmet(Owner owner, List<String> conversationIds) {
    current().forgetUnmet(owner, conversationIds);
  }

  @Override
  public void resetMirror(boolean keep) {
    store.resetMirror(keep);
  }

  @Override
  public List<FormerMirror> formerMirrors() {
    return current().formerMirrors();
  }

  @Override
  public Coverage evict(Instant idleSince, long maxBytes, Steps steps) {
    return current().evict(idleSince, maxBytes, steps);
  }

  @Override
  public void giveUp(List<Mirrored> conversations) {
    current().giveUp(conversations);
  }

  @Override
  public void markIncomplete(List<Mirrored> conversations) {
    current().markIncomplete(conversations);
  }

  @Override
  public void markWhole(Mirrored conversation) {
    current().markWhole(conversation);
  }

  @Override
  public boolean lacksMessages(Owner owner, String conversationId) {
    return current().lacksMessages(owner, conversationId);
  }

  @Override
  public List<ConversationState> lacking(Instant since, int limit) {
    return current().lacking(since, limit);
  }

  @Override
  public void renewNode(UUID node) {
    store.renewNode(node);
  }

  @Override
  public List<OwnerState> mirroredOwners() {
    return current().mirroredOwners();
  }

  @Override
  public Optional<ConversationState> mirroredConversation(Owner owner, String conversationId) {
    return current().mirroredConversation(owner, conversationId);
  }

  @Override
  public List<String> mirroredConversations(Owner owner) {
    return current().mirroredConversations(owner);
  }

  @Override
  public List<MessageState> mirroredMessages(
      Owner owner, String conversationId, long afterSeq, int limit) {
    return current().mirroredMessages(owner, conversationId, afterSeq, limit);
  }

  @Override
  public Optional<MirroredMessage> mirroredAt(Owner owner, String conversationId, long seq) {
    return current().mirroredAt(owner, conversationId, seq);
  }

  @Override
  public Removed enqueue(Change change) {
    return current().enqueue(change);
  }

  @Override
  public boolean hasPending() {
    return store.hasPending();
  }

  @Override
  public boolean hasPending(Owner owner, String conversationId) {
    return store.hasPending(owner, conversationId);
  }

  @Override
  public boolean hasPending(Owner owner) {
    return store.hasPending(owner);
  }

  @Override
  public List<Owner> pendingOwners() {
    return store.pendingOwners();
  }

  @Override
  public List<Change> pending(Owner owner) {
    return store.pending(owner);
  }

  @Override
  public List<Change> pending(Owner owner, String conversationId) {
    return store.pending(owner, conversationId);
  }

  @Override
  public List<Change> pendingHeads(Owner owner) {
    return store.pendingHeads(owner);
  }

  @Override
  public Optional<Change> pendingChange(UUID changeId) {
    return store.pendingChange(changeId);
  }

  @Override
  public boolean hasPendingErasure(Owner owner) {
    return store.hasPendingErasure(owner);
  }

  @Override
  public List<Change> pendingHeads(Owner owner, String conversationId) {
    return store.pendingHeads(owner, conversationId);
  }

  @Override
  public List<Change> pending(int max, long maxBytes) {
    return store.pending(max, maxBytes);
  }

  @Override
  public List<StoreState.Rejected> unreadable() {
    return store.unreadable();
  }

  @Override
  public void settle(List<Settlement> settlements) {
    store.settle(settlements);
  }

  @Override
  public StoreState.Pending pendingFigures() {
    return store.pendingFigures();
  }

  @Override
  public List<StoreState.Rejected> parked() {
    return store.parked();
  }

  @Override
  public List<UUID> parkedOfErased() {
    return store.parkedOfErased();
  }

  @Override
  public Optional<Change> parkedChange(UUID changeId) {
    return store.parkedChange(changeId);
  }

  @Override
  public void close() {
    store.close();
  }
}
