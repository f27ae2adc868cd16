package io.conversationstore.hybrid;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.ParkedChange;
import io.conversationstore.Provenance;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.TableSize;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.mirror.WriteBehindMirror;
import io.conversationstore.hybrid.internal.outbox.LocalQueue;
import io.conversationstore.hybrid.internal.outbox.TargetResolver;
import io.conversationstore.hybrid.internal.overlay.OverlayFigures;
import io.conversationstore.hybrid.internal.support.ConversationIds;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes calls to the database while it works, otherwise to the local files. Independent of SQL and
 * of files. Thread-safe.
 *
 * <p>Writes to subjects with pending changes queue behind them (the gate), whatever the database's
 * state, which keeps each writer's order. A change sent to the database names the generation and
 * the epoch that this node knows; if its outcome is unknown, it can be kept and sent again.
 */
final class HybridEngine implements StoreEngine {

  private static final Logger LOG = LoggerFactory.getLogger(HybridEngine.class);

  /** Retries of a write while other nodes recreate or erase its subject. */
  private static final int STALE_TRIES = 8;

  /** Maximum number of unreadable rows named. */
  private static final int MOST_NAMED = 10;

  private final PrimaryStore primary;
  private final WriteBehindMirror local;
  private final HybridNode node;
  private final TargetResolver targetResolver;
  private final OverlayFigures figures;

  HybridEngine(PrimaryStore primary, HybridNode node) {
    this.primary = primary;
    this.local = node.local();
    this.node = node;
    this.targetResolver =
        new TargetResolver(node.watch(), local, node.clock(), node::mirrorCommitted);
    this.figures = new OverlayFigures(primary, local, node.reader(), node.clock()::now);
  }

  // Writing

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    node.requireOpen();
    Availability availability = node.availability();
    if (!availability.usable()) {
      return keep(change, null, false);
    }
    if (gated(change)) {
      return keepBehind(change);
    }
    node.liveCall();
    long tag = availability.tag();
    long start = System.nanoTime();
    Change sent = change;
    // Imported conversations keep their times and epoch.
    ApplyMode sentMode = change instanceof Bulk bulk && bulk.isOnce() ? mode : ApplyMode.LIVE;
    boolean wasThere = isMessageHere(change);
    try {
      for (int tries = 1; ; tries++) {
        Change known = targetResolver.known(change, tries > 1);
        sent = known;
        HistoryWatch.Before before = node.watch().before(List.of(known));
        Applied applied;
        try {
          applied =
              node.watch().watched(before, () -> List.of(primary.apply(known, sentMode))).get(0);
        } catch (StaleChangeException stale) {
          if (tries == STALE_TRIES) {
            throw new StoreUnavailableException(
                "other nodes keep deleting and creating the conversation of this call; repeat the"
                    + " call",
                stale);
          }
          continue;
        }
        if (isStaleDelete(sent, applied) && tries < STALE_TRIES) {
          continue;
        }
        availability.answered(tag, System.nanoTime() - start);
        Applied copied = copied(sent, applied);
        node.watch().requireSame(before);
        return copied;
      }
    } catch (EngineFailureException failure) {
      availability.failed(tag, failure);
      if (failure.kind() == FailureKind.UNEXPECTED) {
        throw failure;
      }
      return keep(sent, failure, wasThere);
    }
  }

  /** Whether the message that a change deletes is known to be in the local copy. */
  private boolean isMessageHere(Change change) {
    if (!(change instanceof MessageDeleted delete)) {
      return false;
    }
    try {
      return local
          .message(delete.owner(), delete.ref().id(), delete.messageId())
          .filter(MessageState::isLive)
          .isPresent();
    } catch (EngineFailureException | StoreDamagedException unreadable) {
      LOG.debug("The local copy is unreadable; the database is asked instead", unreadable);
      return false;
    }
  }

  /** Whether a pending change must come first. */
  private boolean gated(Change change) {
    if (!local.hasPending()) {
      return false;
    }
    Owner owner = change.owner();
    if (change instanceof OwnerErased || change instanceof PreferencesPut) {
      return local.hasPending(owner);
    }
    Set<String> ids = new HashSet<>();
    ConversationIds.collect(List.of(change), ids);
    return ids.stream().anyMatch(id -> local.hasPending(owner, id));
  }

  /**
   * Queues a change behind pending ones. The copy may lack its subject, for example while it is
   * rebuilt; the database, which is in use, then has it.
   */
  private Applied keepBehind(Change change) {
    try {
      return keep(change, null, false);
    } catch (UnknownWhileOfflineException notHere) {
      long tag = node.availability().tag();
      try {
        copyTargets(change);
      } catch (EngineFailureException failure) {
        node.availability().failed(tag, failure);
        notHere.addSuppressed(failure);
        throw notHere;
      }
      return keep(change, null, false);
    }
  }

  /** Copies the subject of a change from the database. */
  private void copyTargets(Change change) {
    Owner owner = change.owner();
    Set<String> ids = new HashSet<>();
    ConversationIds.collect(List.of(change), ids);
    if (change instanceof PreferencesPut put && put.update().activeConversation() != null) {
      ids.add(put.update().activeConversation());
    }
    List<State> states = new ArrayList<>();
    for (String id : ids) {
      Found found = node.watch().look(owner, id);
      if (found.ownerEpoch() > 0) {
        states.add(new OwnerState(owner, found.ownerEpoch()));
      }
      if (found.conversation() != null) {
        states.add(found.conversation());
      }
    }
    if (change instanceof MessageEdited edit) {
      primary.message(owner, edit.ref().id(), edit.messageId()).ifPresent(states::add);
    } else if (change instanceof MessageDeleted delete) {
      primary.message(owner, delete.ref().id(), delete.messageId()).ifPresent(states::add);
    }
    node.mirrorCommitted(states);
  }

  /**
   * Queues a change.
   *
   * @param failure why it does not go to the database now; null if it was not tried
   * @param wasThere whether the message that it deletes was in the local copy before it was tried
   */
  private Applied keep(Change change, @Nullable EngineFailureException failure, boolean wasThere) {
    LocalQueue.Attempt attempt =
        failure == null || !failure.isOutcomeUnknown()
            ? LocalQueue.Attempt.NONE
            : new LocalQueue.Attempt(true, wasThere);
    try {
      Applied applied = node.queue().accept(change, attempt);
      node.queued();
      return applied;
    } catch (EngineFailureException | LocalFailureException | StoreDamagedException locally) {
      throw both("neither the database nor the local files accepted the change", failure, locally);
    } catch (StoreUnavailableException ofTheDatabase) {
      // Its subject is unknown here, or its kind needs the database.
      if (failure != null) {
        ofTheDatabase.addSuppressed(failure);
      }
      throw ofTheDatabase;
    }
  }

  /**
   * Reports why neither store did something.
   *
   * @param failure of the database; null if it was not asked
   */
  private StoreUnavailableException both(
      String what, @Nullable EngineFailureException failure, ConversationStoreException locally) {
    Availability.Snapshot snapshot = node.availability().snapshot();
    EngineFailureException database = failure == null ? snapshot.failure() : failure;
    String why =
        database != null
            ? database.getMessage()
            : snapshot.usable() ? "not asked while earlier changes are pending" : snapshot.reason();
    StoreUnavailableException both =
        new StoreUnavailableException(
            what + "; database: " + why + "; local files: " + locally.getMessage(), database);
    both.addSuppressed(locally);
    return both;
  }

  /** Whether a delete found its generation already deleted while a later one is live. */
  private static boolean isStaleDelete(Change change, Applied applied) {
    return change instanceof ConversationDeleted
        && !applied.changed()
        && applied.states(ConversationState.class).anyMatch(ConversationState::isLive);
  }

  /** Copies committed states; the result of an erasure includes the rows removed here. */
  private Applied copied(Change change, Applied applied) {
    ErasureReceipt receipt = applied.receipt();
    if (receipt == null) {
      node.mirrorCommitted(applied.states());
      return applied;
    }
    OwnerCounts here = local.count(change.owner());
    boolean copied = node.mirrorCommittedNow(applied.states());
    List<ErasureReceipt.Removal> removed = new ArrayList<>(receipt.removed());
    List<String> notCovered = new ArrayList<>(receipt.notCovered());
    if (copied) {
      removed.add(
          new ErasureReceipt.Removal(
              Provenance.Source.LOCAL_FILES, here.conversations(), here.messages()));
    } else {
      notCovered.add("the local files of this node: the write failed and is repeated later");
    }
    notCovered.add(
        "other nodes: their local copies are erased at their next contact with the database");
    return new Applied(
        applied.changed(),
        applied.states(),
        applied.dropped(),
        new ErasureReceipt(
            receipt.owner(), receipt.erasureId(), receipt.at(), false, removed, notCovered));
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    boolean pending =
        applied
            .states(ConversationState.class)
            .anyMatch(state -> local.hasPending(state.owner(), state.id()));
    Availability.Snapshot snapshot = node.availability().snapshot();
    return new Provenance(
        snapshot.usable() ? Provenance.Source.DATABASE : Provenance.Source.LOCAL_FILES,
        node.clock().now(),
        true,
        pending);
  }

  // Reading

  /** Asks the database while it works, otherwise the local copy. */
  private <T> T read(Function<StoreEngine, T> question) {
    node.requireOpen();
    Availability availability = node.availability();
    if (!availability.usable()) {
      return locally(question, null);
    }
    node.liveCall();
    long tag = availability.tag();
    long start = System.nanoTime();
    EngineFailureException failure;
    try {
      T answer = question.apply(primary);
      availability.answered(tag, System.nanoTime() - start);
      return answer;
    } catch (EngineFailureException e) {
      failure = e;
    }
    availability.failed(tag, failure);
    if (failure.kind() == FailureKind.UNEXPECTED) {
      throw failure;
    }
    return locally(question, failure);
  }

  /**
   * Asks the local copy.
   *
   * @param failure of the database; null if it was not asked
   */
  private <T> T locally(
      Function<StoreEngine, T> question, @Nullable EngineFailureException failure) {
    try {
      return question.apply(local);
    } catch (EngineFailureException | LocalFailureException | StoreDamagedException locally) {
      throw both("neither the database nor the local files answered", failure, locally);
    } catch (StoreUnavailableException notKnown) {
      if (failure != null) {
        notKnown.addSuppressed(failure);
      }
      throw notKnown;
    }
  }

  @Override
  public Found find(Owner owner, String conversationId) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine,
                    owner,
                    conversationId,
                    () -> node.reader().find(engine, owner, conversationId)));
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine,
                    owner,
                    conversationId,
                    () ->
                        node.reader()
                            .messages(engine, owner, conversationId, direction, from, limit)));
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine,
                    owner,
                    conversationId,
                    () ->
                        node.reader()
                            .messagesFrom(
                                engine,
                                owner,
                                conversationId,
                                direction,
                                messageId,
                                including,
                                limit)));
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine,
                    owner,
                    conversationId,
                    () -> node.reader().message(engine, owner, conversationId, messageId)));
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine,
                    owner,
                    () -> node.reader().history(engine, owner, direction, from, limit)));
  }

  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine, owner, () -> node.reader().search(engine, owner, filter, from, limit)));
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return read(
        engine ->
            node.reader()
                .withStableBase(
                    engine, owner, () -> node.reader().conversations(engine, owner, query, from)));
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return read(
        engine ->
            node.reader()
                .withStableBase(engine, owner, () -> node.reader().preferences(engine, owner)));
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return read(
        engine ->
            node.reader().withStableBase(engine, owner, () -> node.reader().count(engine, owner)));
  }

  // Operator calls: in the database

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return inDatabase("retention", () -> primary.deleteMessagesBefore(cutoff));
  }

  @Override
  public long purgeDeleted(Duration age) {
    return inDatabase("purging", () -> primary.purgeDeleted(age));
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return inDatabase("archiving", () -> primary.archiveIdleBefore(cutoff));
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return inDatabase("statistics", () -> figures.statistics(tenantId));
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return inDatabase("active users", () -> figures.activeUsers(tenantId, since, limit));
  }

  private <T> T inDatabase(String what, Supplier<T> action) {
    node.requireOpen();
    Availability availability = node.availability();
    Availability.Snapshot snapshot = availability.snapshot();
    if (!snapshot.usable()) {
      throw new StoreUnavailableException(
          what + " needs the database, which is unavailable: " + snapshot.reason(), null);
    }
    try {
      T answer = action.get();
      node.wakeMirror();
      return answer;
    } catch (EngineFailureException failure) {
      availability.failed(snapshot.tag(), failure);
      throw failure;
    }
  }

  @Override
  public StoreFigures figures() {
    node.requireOpen();
    return primary.figures();
  }

  @Override
  public List<TableSize> tableSizes() {
    return inDatabase("table sizes", primary::tableSizes);
  }

  @Override
  public StoreHealth health() {
    node.requireOpen();
    List<StoreHealth.Check> checks = new ArrayList<>();
    Availability.Snapshot snapshot = node.availability().snapshot();
    checks.add(new StoreHealth.Check("database in use", snapshot.usable(), snapshot.reason()));
    if (snapshot.usable()) {
      for (StoreHealth.Check check : primary.health().checks()) {
        checks.add(
            new StoreHealth.Check("database: " + check.name(), check.passed(), check.detail()));
      }
    }
    for (StoreHealth.Check check : local.health().checks()) {
      checks.add(
          new StoreHealth.Check("local files: " + check.name(), check.passed(), check.detail()));
    }
    boolean dirty = node.mirror().dirty();
    checks.add(
        new StoreHealth.Check(
            "local copy complete",
            !dirty,
            dirty ? "it lacks writes that the database has; they are repeated" : "yes"));
    List<String> failures = node.pumpFailures();
    checks.add(
        new StoreHealth.Check(
            "pumps",
            failures.isEmpty(),
            failures.isEmpty() ? "all run" : String.join("; ", failures)));
    Set<String> unread = node.unreadRows();
    checks.add(
        new StoreHealth.Check(
            "rows of the database",
            unread.isEmpty(),
            unread.isEmpty()
                ? "all rows of the feed are readable"
                : unread.size()
                    + " cannot be read and are missing from the local copy: "
                    + unread.stream().limit(MOST_NAMED).collect(Collectors.joining("; "))));
    return StoreHealth.of(checks);
  }

  @Override
  public List<ParkedChange> parkedChanges() {
    node.requireOpen();
    return node.parked().list();
  }

  @Override
  public boolean retryParked(UUID changeId) {
    node.requireOpen();
    return node.parked().retry(changeId);
  }

  @Override
  public boolean discardParked(UUID changeId) {
    node.requireOpen();
    return node.parked().discard(changeId);
  }

  @Override
  public StoreState state() {
    return node.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return node.onStateChange(listener);
  }

  @Override
  public void close() {
    node.close();
  }
}
