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
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeStamp;
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
    return change.accept(new Known(afresh));
  }

  private final class Known implements Change.Visitor<Change, RuntimeException> {
    private final boolean afresh;

    Known(boolean afresh) {
      this.afresh = afresh;
    }

    @Override
    public Change conversationCreated(ConversationCreated create) {
      Found found =
          afresh
              ? look(create.owner(), create.conversationId())
              : local.find(create.owner(), create.conversationId());
      return create.withStamp(stamp(create, found.ownerEpoch(), null));
    }

    @Override
    public Change toConversation(ToConversation change) {
      ConversationState live = requireLive(change.owner(), change.ref().id());
      return change
          .withGeneration(live.generation())
          .withStamp(stamp(change, live.epoch(), live.requireLive().updatedAt()));
    }

    @Override
    public Change preferencesPut(PreferencesPut put) {
      String active = put.update().activeConversation();
      if (!put.update().setsActiveConversation() || active == null) {
        PreferencesState known = ofOwner(put);
        return put.withStamp(stamp(put, known.epoch(), written(known)));
      }
      ConversationState live = requireLive(put.owner(), active);
      return new PreferencesPut(
          stamp(put, live.epoch(), written(local.preferences(put.owner()))),
          put.update(),
          live.generation());
    }

    @Override
    public Change ownerErased(OwnerErased erasure) {
      return erasure.withStamp(stamp(erasure, ofOwner(erasure).epoch(), null));
    }

    @Override
    public Change bulk(Bulk bulk) {
      return bulk.isOnce() ? bulk : bulk.withStamp(stamp(bulk, ofOwner(bulk).epoch(), null));
    }

    private ConversationState requireLive(Owner owner, String id) {
      ConversationState live = find(owner, id, afresh);
      if (live == null) {
        throw new ConversationNotFoundException(owner, id);
      }
      return live;
    }

    private PreferencesState ofOwner(Change change) {
      if (afresh) {
        look(change.owner(), "-");
      }
      return local.preferences(change.owner());
    }
  }

  /** With a time later than the states this node has seen, in case the change is kept. */
  private ChangeStamp stamp(Change change, long epoch, @Nullable Instant seen) {
    ChangeStamp stamp = change.stamp();
    Instant now = clock.now();
    Instant at = seen == null ? now : QueueStamps.later(now, seen);
    return new ChangeStamp(stamp.id(), stamp.owner(), epoch, at, stamp.node());
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
