package io.conversationstore.hybrid;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
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
import io.conversationstore.hybrid.internal.outbox.DrainPace;
import io.conversationstore.hybrid.internal.outbox.LocalQueue;
import io.conversationstore.hybrid.internal.outbox.TargetResolver;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.ToConversation;
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
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
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

  private final PrimaryStore primary;
  private final WriteBehindMirror local;
  private final NodeLifecycle lifecycle;
  private final Availability availability;
  private final DrainPace pace;
  private final HistoryWatch watch;
  private final TargetResolver targetResolver;
  private final LocalQueue queue;
  private final CommittedStates committed;
  private final HybridReads reads;
  private final OperatorCalls operator;

  HybridEngine(
      PrimaryStore primary,
      WriteBehindMirror local,
      NodeLifecycle lifecycle,
      Availability availability,
      DrainPace pace,
      HistoryWatch watch,
      TargetResolver targetResolver,
      LocalQueue queue,
      CommittedStates committed,
      HybridReads reads,
      OperatorCalls operator) {
    this.primary = primary;
    this.local = local;
    this.lifecycle = lifecycle;
    this.availability = availability;
    this.pace = pace;
    this.watch = watch;
    this.targetResolver = targetResolver;
    this.queue = queue;
    this.committed = committed;
    this.reads = reads;
    this.operator = operator;
  }

  // Writing

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    lifecycle.requireOpen();
    if (!availability.usable()) {
      return keep(change, null, false);
    }
    if (gated(change)) {
      return keepBehind(change);
    }
    pace.liveCall();
    long tag = availability.tag();
    long start = System.nanoTime();
    Change sent = change;
    // Imported conversations keep their times and epoch.
    ApplyMode sentMode = change instanceof Bulk bulk && bulk.isOnce() ? mode : ApplyMode.LIVE;
    boolean wasThere = isMessageHere(change);
    try {
      for (int tries = 1; ; tries++) {
        // A copy that lacks what this node committed may name a generation that has ended.
        boolean afresh = tries > 1 || committed.areMissed();
        TargetResolver.Target target = targetResolver.resolve(change, afresh);
        HistoryWatch.Before before = target.before();
        Change known = target.change();
        sent = known;
        Applied applied;
        try {
          applied = watch.watched(before, () -> List.of(primary.apply(known, sentMode))).get(0);
        } catch (ConversationNotFoundException notThere) {
          // Of an append that creates: as far as this node knew, the conversation was live.
          if (!isAppend(change) || tries == STALE_TRIES) {
            throw notThere;
          }
          continue;
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
        watch.requireSame(before);
        return copied;
      }
    } catch (EngineFailureException failure) {
      availability.failed(tag, failure);
      if (failure.kind() == FailureKind.UNEXPECTED) {
        throw failure;
      }
      // Nothing was done: an append that creates may still create what it was not sent with.
      boolean anew = isAppend(change) && !failure.isOutcomeUnknown();
      try {
        return keep(anew ? change : sent, failure, wasThere);
      } catch (ConversationNotFoundException ended) {
        if (!isAppend(change)) {
          throw ended;
        }
        // Created again, the conversation might hold messages that were deleted with it.
        throw new StoreUnavailableException(
            "the conversation of this append was deleted while the answer of the database was lost;"
                + " whether the append came before that is unknown; repeat the call",
            failure);
      }
    }
  }

  /** Whether a change appends to a conversation that it creates if there is none. */
  private static boolean isAppend(Change change) {
    return change instanceof Bulk bulk && bulk.isAppend();
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
    return switch (change.kind()) {
      case OWNER_ERASED, PREFERENCES_PUT -> local.hasPending(owner);
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          BULK ->
          change.conversationIds().stream().anyMatch(id -> local.hasPending(owner, id));
    };
  }

  /**
   * Queues a change behind pending ones. The copy may lack its subject, for example while it is
   * rebuilt; the database, which is in use, then has it.
   */
  private Applied keepBehind(Change change) {
    try {
      return keep(change, null, false);
    } catch (UnknownWhileOfflineException notHere) {
      long tag = availability.tag();
      try {
        copyTargets(change);
      } catch (EngineFailureException failure) {
        availability.failed(tag, failure);
        notHere.addSuppressed(failure);
        throw notHere;
      }
      return keep(change, null, false);
    }
  }

  /** Copies the subject of a change from the database. */
  private void copyTargets(Change change) {
    Owner owner = change.owner();
    List<State> states = new ArrayList<>();
    for (String id : change.namedConversationIds()) {
      Found found = watch.look(owner, id);
      if (found.ownerEpoch() > 0) {
        states.add(new OwnerState(owner, found.ownerEpoch()));
      }
      if (found.conversation() != null) {
        states.add(found.conversation());
      }
    }
    if (change instanceof ToConversation to) {
      UUID messageId = to.messageId();
      if (messageId != null) {
        primary.message(owner, to.ref().id(), messageId).ifPresent(states::add);
      }
    }
    committed.copy(states);
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
      // Made without them, the change would be for an epoch or a generation that has ended.
      committed.copyMissed();
      Applied applied = queue.accept(change, attempt);
      availability.queued();
      return applied;
    } catch (EngineFailureException | LocalFailureException | StoreDamagedException locally) {
      throw reads.bothFailed(
          "neither the database nor the local files accepted the change", failure, locally);
    } catch (StoreUnavailableException ofTheDatabase) {
      // Its subject is unknown here, or its kind needs the database.
      if (failure != null) {
        ofTheDatabase.addSuppressed(failure);
      }
      throw ofTheDatabase;
    }
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
      committed.copy(applied.states());
      return applied;
    }
    OwnerCounts here = local.count(change.owner());
    boolean copied = committed.copyNow(applied.states());
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
    return reads.provenanceOf(applied);
  }

  // Reading

  @Override
  public Found find(Owner owner, String conversationId) {
    return reads.find(owner, conversationId);
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return reads.messages(owner, conversationId, direction, from, limit);
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return reads.messagesFrom(owner, conversationId, direction, messageId, including, limit);
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return reads.message(owner, conversationId, messageId);
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return reads.history(owner, direction, from, limit);
  }

  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return reads.search(owner, filter, from, limit);
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return reads.conversations(owner, query, from);
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return reads.preferences(owner);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return reads.count(owner);
  }

  // Operator calls

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return operator.deleteMessagesBefore(cutoff);
  }

  @Override
  public long purgeDeleted(Duration age) {
    return operator.purgeDeleted(age);
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return operator.archiveIdleBefore(cutoff);
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return operator.statistics(tenantId);
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return operator.activeUsers(tenantId, since, limit);
  }

  @Override
  public StoreFigures figures() {
    return operator.figures();
  }

  @Override
  public List<TableSize> tableSizes() {
    return operator.tableSizes();
  }

  @Override
  public StoreHealth health() {
    return operator.health();
  }

  @Override
  public List<ParkedChange> parkedChanges() {
    return operator.parkedChanges();
  }

  @Override
  public boolean retryParked(UUID changeId) {
    return operator.retryParked(changeId);
  }

  @Override
  public boolean discardParked(UUID changeId) {
    return operator.discardParked(changeId);
  }

  @Override
  public StoreState state() {
    return operator.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return operator.onStateChange(listener);
  }

  @Override
  public void close() {
    lifecycle.close();
  }
}
