package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.mirror.WriteBehindMirror;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts generation and epoch into changes sent to the database, so that a change with an unknown
 * outcome can be kept and sent again. Thread-safe.
 */
public final class TargetResolver {

  private final HistoryWatch watch;
  private final WriteBehindMirror local;
  private final NodeClock clock;
  private final Consumer<List<State>> copy;

  /**
   * @param watch queries the database
   * @param clock gives the time of a change
   * @param copy puts the database's answers into the local copy
   */
  public TargetResolver(
      HistoryWatch watch, WriteBehindMirror local, NodeClock clock, Consumer<List<State>> copy) {
    this.watch = watch;
    this.local = local;
    this.clock = clock;
    this.copy = copy;
  }

  /**
   * The change with the generation and the epoch that this node knows; asks the database if they
   * are unknown or if {@code afresh}.
   *
   * @throws io.conversationstore.spi.EngineFailureException if the database fails, or went back in
   *     time
   */
  public Change known(Change change, boolean afresh) {
    if (change instanceof Bulk bulk && bulk.isOnce()) {
      return change;
    }
    if (change instanceof Bulk bulk && bulk.isAppend()) {
      return known(bulk, afresh);
    }
    if (change instanceof Bulk || change instanceof OwnerErased) {
      if (afresh) {
        look(change.owner(), "-");
      }
      long epoch = local.preferences(change.owner()).epoch();
      return change.withStamp(stamp(change, epoch, null));
    }
    if (change instanceof PreferencesPut put) {
      return known(put, afresh);
    }
    if (change instanceof ConversationCreated create) {
      Found found =
          afresh
              ? look(create.owner(), create.conversationId())
              : local.find(create.owner(), create.conversationId());
      return create.withStamp(stamp(create, found.ownerEpoch(), null));
    }
    ConversationRef ref = change.ref();
    if (ref == null) {
      throw new IllegalStateException(
          "the change does not concern a conversation: " + change.getClass());
    }
    ConversationState live = find(change.owner(), ref.id(), afresh);
    if (live == null) {
      throw new ConversationNotFoundException(change.owner(), ref.id());
    }
    return named(change, live);
  }

  /**
   * An append that creates: a plain append if the conversation is known to be live. Without {@code
   * afresh} the database is not asked, since it decides in any case.
   */
  private Change known(Bulk bulk, boolean afresh) {
    Owner owner = bulk.owner();
    String id = bulk.create().conversationId();
    Found found = afresh ? look(owner, id) : local.find(owner, id);
    ConversationState live = afresh ? found.live() : local.known(owner, id);
    return live != null && live.isLive()
        ? named(bulk.append().withStamp(bulk.stamp()), live)
        : bulk.withStamp(stamp(bulk, found.ownerEpoch(), null));
  }

  private Change named(Change change, ConversationState live) {
    return change
        .withGeneration(live.generation())
        .withStamp(stamp(change, live.epoch(), live.requireLive().updatedAt()));
  }

  /** With a time later than the states this node has seen, in case the change is kept. */
  private ChangeStamp stamp(Change change, long epoch, @Nullable Instant seen) {
    ChangeStamp stamp = change.stamp();
    Instant now = clock.now();
    Instant at = seen == null ? now : QueueStamps.later(now, seen);
    return new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node());
  }

  private Change known(PreferencesPut put, boolean afresh) {
    String active = put.update().activeConversation();
    if (!put.update().setsActiveConversation() || active == null) {
      if (afresh) {
        look(put.owner(), "-");
      }
      PreferencesState known = local.preferences(put.owner());
      return put.withStamp(stamp(put, known.epoch(), written(known)));
    }
    ConversationState live = find(put.owner(), active, afresh);
    if (live == null) {
      throw new ConversationNotFoundException(put.owner(), active);
    }
    return new PreferencesPut(
        stamp(put, live.epoch(), written(local.preferences(put.owner()))),
        put.update(),
        live.generation());
  }

  private static @Nullable Instant written(PreferencesState preferences) {
    Instant active = preferences.activeConversationTime();
    Instant model = preferences.selectedModelTime();
    return active == null || (model != null && model.isAfter(active)) ? model : active;
  }

  /** The live conversation as this node knows it, otherwise as the database does; null if none. */
  private @Nullable ConversationState find(Owner owner, String id, boolean afresh) {
    if (!afresh) {
      ConversationState known = local.known(owner, id);
      if (known != null && known.isLive()) {
        return known;
      }
    }
    return look(owner, id).live();
  }

  /** Asks the database and copies its answer. */
  private Found look(Owner owner, String id) {
    Found found = watch.look(owner, id);
    copy.accept(HistoryWatch.rows(owner, found));
    return found;
  }
}
