package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Message;
import io.conversationstore.ParkedChange;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Operator actions on changes that the database rejected permanently. Thread-safe. */
public final class ParkedChanges {

  private static final Logger LOG = LoggerFactory.getLogger(ParkedChanges.class);

  private final LocalStore local;
  private final LocalQueue queue;
  private final RejectedChanges rejectedChanges;
  private final NodeClock clock;
  private final Supplier<UUID> ids;

  public ParkedChanges(
      LocalStore local,
      LocalQueue queue,
      RejectedChanges rejectedChanges,
      NodeClock clock,
      Supplier<UUID> ids) {
    this.local = local;
    this.queue = queue;
    this.rejectedChanges = rejectedChanges;
    this.clock = clock;
    this.ids = ids;
  }

  public List<ParkedChange> list() {
    List<ParkedChange> parked = new ArrayList<>();
    for (StoreState.Rejected rejected : local.parked()) {
      try {
        local
            .parkedChange(rejected.changeId())
            .ifPresent(change -> parked.add(of(rejected, change)));
      } catch (StoreDamagedException e) {
        LOG.warn(
            "Parked change {} is unreadable; it can only be discarded", rejected.changeId(), e);
        parked.add(new ParkedChange(rejected, "unreadable: its file is damaged", List.of()));
      }
    }
    return parked;
  }

  private static ParkedChange of(StoreState.Rejected rejected, Change change) {
    List<Message> messages = new ArrayList<>();
    collect(change, messages);
    return new ParkedChange(rejected, kind(change), messages);
  }

  private static void collect(Change change, List<Message> messages) {
    for (Change part : change.parts()) {
      if (part instanceof MessagesAppended append) {
        append.messages().stream().map(NewMessage::message).forEach(messages::add);
      }
    }
  }

  private static String kind(Change change) {
    return switch (change.kind()) {
      case MESSAGES_APPENDED -> "append messages";
      case MESSAGE_EDITED -> "edit a message";
      case MESSAGE_DELETED -> "delete a message";
      case CONVERSATION_CREATED -> "create a conversation";
      case CONVERSATION_UPDATED -> "update a conversation";
      case CONVERSATION_DELETED -> "delete a conversation";
      case PREFERENCES_PUT -> "write preferences";
      case OWNER_ERASED -> "erase an owner";
      case BULK -> "save conversations";
    };
  }

  /** Queues the change again; returns whether it was parked. */
  public boolean retry(UUID changeId) {
    return end(changeId, "an operator retried it", true);
  }

  /** Discards the change; returns whether it was parked. */
  public boolean discard(UUID changeId) {
    return end(changeId, "an operator discarded it", false);
  }

  private void forgetErased() {
    queue.change(
        () -> {
          for (UUID changeId : local.parkedOfErased()) {
            end(changeId, "its owner was erased", false);
          }
        });
  }

  /**
   * Discards parked changes of owners that were erased since. When this returns no file holds their
   * text, also if another thread found them first, unless the local files fail; then it must be
   * repeated.
   */
  public void tryForgetErased() {
    try {
      forgetErased();
    } catch (EngineFailureException | StoreDamagedException e) {
      LOG.warn("Parked changes of an erased owner could not be removed; the removal is retried", e);
    }
  }

  /** Whether {@link #tryForgetErased} has work to do; cheap. */
  public boolean hasErased() {
    return !local.parkedOfErased().isEmpty();
  }

  private boolean end(UUID changeId, String how, boolean again) {
    boolean[] there = new boolean[1];
    queue.change(
        () -> {
          if (local.parked().stream().noneMatch(one -> one.changeId().equals(changeId))) {
            return;
          }
          there[0] = true;
          if (again) {
            // Queued first: a crash in between leaves the change twice, which is harmless, instead
            // of losing it.
            local.parkedChange(changeId).ifPresent(change -> local.enqueue(renamed(change)));
          }
          local.settle(
              List.of(Settlement.of(changeId, Settlement.Kind.CANCELLED, how, clock.now())));
        });
    if (there[0]) {
      rejectedChanges.remove(changeId);
      LOG.info("Parked change {} was removed: {}", changeId, how);
    }
    return there[0];
  }

  /**
   * With a new id, under which nothing was sent: under the old one it would be ended together with
   * the parked change.
   */
  private Change renamed(Change change) {
    ChangeStamp stamp = change.stamp();
    ChangeStamp fresh =
        new ChangeStamp(ids.get(), stamp.owner(), stamp.epoch(), stamp.time(), stamp.node());
    Change renamed = change.withStamp(fresh);
    return renamed instanceof Bulk bulk ? new Bulk(fresh, bulk.changes()) : renamed;
  }
}
