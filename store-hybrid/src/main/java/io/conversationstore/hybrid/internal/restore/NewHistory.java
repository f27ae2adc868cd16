package io.conversationstore.hybrid.internal.restore;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.connection.DatabaseHandshake;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.outbox.LocalQueue;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.FormerMirror;
import io.conversationstore.spi.MirroredRows;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node into the new history of a database that went back in time: gives the database its
 * lost rows, and then rebuilds the copy. Until the end the copy stays unchanged and the node
 * remembers the old history, so it starts again after a crash. For one thread at a time.
 */
public final class NewHistory {

  private static final Logger LOG = LoggerFactory.getLogger(NewHistory.class);

  private final PrimaryStore primary;
  private final LocalStore local;
  private final LocalQueue queue;
  private final MirrorPump mirror;
  private final DatabaseHandshake handshake;
  private final Supplier<Instant> now;
  private final Set<Owner> erased = new HashSet<>();

  /** Messages queued here that must reach the database before later writes of this node. */
  private final List<MessagesAppended> kept = new ArrayList<>();

  /**
   * @param now the node's clock, corrected to the database's
   */
  public NewHistory(
      PrimaryStore primary,
      LocalStore local,
      LocalQueue queue,
      MirrorPump mirror,
      DatabaseHandshake handshake,
      Supplier<Instant> now) {
    this.primary = primary;
    this.local = local;
    this.queue = queue;
    this.mirror = mirror;
    this.handshake = handshake;
    this.now = now;
  }

  /**
   * Performs all steps.
   *
   * @return false if stopped before the end
   * @throws io.conversationstore.spi.EngineFailureException if the database or the local files fail
   */
  public boolean enter(DatabaseHandshake.WentBack found, BooleanSupplier shouldContinue) {
    LOG.warn(
        "The database went back in time: {}. A new history begins, and the cursors of applications"
            + " expire. This node resends what the database lost and the local copy has. The local"
            + " files serve reads and writes meanwhile.",
        found.reason());
    mirror.awaitSteps();
    mirror.heal();
    keepWithheld();
    for (FormerMirror former : local.formerMirrors()) {
      if (!offer(former.rows(), former.asOf(), found, shouldContinue)) {
        return false;
      }
    }
    if (!offer(local, local.identity().mirrorAsOf(), found, shouldContinue)) {
      return false;
    }
    giveKept();
    mirror.change(queue::change, () -> handshake.begin(found));
    erased.clear();
    kept.clear();
    return true;
  }

  /** Called before the queue is sent, so later writes stay behind these. */
  private void giveKept() {
    OfferedChanges changes = new OfferedChanges(primary, local.identity().node(), this::keep);
    for (MessagesAppended append : kept) {
      try {
        changes.tryToGive(append);
      } catch (EngineFailureException failure) {
        throw failure;
      } catch (ConversationStoreException refusal) {
        LOG.debug(
            "The database rejected change {}; the change stays in the queue", append.id(), refusal);
      }
    }
  }

  /** Returns false if stopped before the end. */
  private boolean offer(
      MirroredRows rows,
      @Nullable Instant asOf,
      DatabaseHandshake.WentBack found,
      BooleanSupplier shouldContinue) {
    Instant there = found.handshake().databaseTime();
    if (isTooOld(asOf, there)) {
      return true;
    }
    UUID node = local.identity().node();
    OfferedChanges changes = new OfferedChanges(primary, node, this::keep);
    return new LostRowsOffer(
            primary,
            rows,
            asOf,
            changes,
            this::eraseHere,
            handshake::knowsErasure,
            there,
            shouldContinue)
        .run();
  }

  /**
   * Messages that this node committed and its copy could not take are queued, where reads see them.
   */
  private void keepWithheld() {
    List<MessageState> withheld = mirror.withheld();
    for (MessageState message : withheld) {
      StoredMessage stored = message.requireLive();
      UUID id =
          OfferedChanges.id(
              message.owner(),
              "withheld",
              message.conversationId(),
              message.generation(),
              message.messageId());
      NewMessage given =
          new NewMessage(
              message.messageId(),
              stored.message().withId(message.messageId()),
              message.digest(),
              stored.createdAt());
      MessagesAppended append =
          new MessagesAppended(
              new ChangeStamp(
                  id,
                  message.owner(),
                  message.epoch(),
                  stored.createdAt(),
                  local.identity().node()),
              new ConversationRef(message.conversationId(), message.generation()),
              List.of(given),
              AppendCondition.always(),
              false);
      keep(append);
      kept.add(append);
    }
    mirror.kept(withheld);
  }

  /** Erases once: rows written afterwards, while the rest is offered, stay. */
  private void eraseHere(OwnerState owner) {
    if (erased.contains(owner.owner())) {
      return;
    }
    LOG.warn(
        "Owner {} was erased in the database since the last contact of this node. The node removes"
            + " all data of the owner, including pending changes.",
        owner.owner());
    UUID id = UUID.randomUUID();
    Instant at = now.get();
    UUID node = local.identity().node();
    ChangeStamp stamp = new ChangeStamp(id, owner.owner(), owner.epoch(), at, node);
    Settlement done =
        Settlement.of(id, Settlement.Kind.CANCELLED, "the database has already applied it", at);
    queue.change(
        () -> {
          // A pending one has removed all rows here, and is still to be sent.
          if (!local.hasPendingErasure(owner.owner())) {
            local.enqueue(new OwnerErased(stamp));
            local.settle(List.of(done));
          }
        });
    // Only now: if the files fail, the erasure is repeated.
    erased.add(owner.owner());
  }

  private void keep(Change refused) {
    queue.change(() -> local.enqueue(refused));
  }

  /** Whether the copy is so old that it may hold rows deleted and removed in the database since. */
  private static boolean isTooOld(@Nullable Instant asOf, Instant databaseTime) {
    Instant oldest = databaseTime.minus(DatabaseHandshake.DELETED_ROWS_STAY);
    if (asOf == null || !asOf.isBefore(oldest)) {
      return false;
    }
    LOG.warn(
        "The local copy of this node was last current at {}. A copy of that age cannot distinguish"
            + " deleted rows from lost rows, so only pending changes are sent.",
        asOf);
    return true;
  }
}
