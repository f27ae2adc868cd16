package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.connection.KnownRows;
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
  private final KnownRows local;
  private final NodeClock clock;
  private final Consumer<List<State>> copy;

  /**
   * @param watch queries the database
   * @param clock gives the time of a change
   * @param copy puts the database's answers into the local copy
   */
  public TargetResolver(
      HistoryWatch watch, KnownRows local, NodeClock clock, Consumer<List<State>> copy) {
    this.watch = watch;
    this.local = local;
    this.clock = clock;
    this.copy = copy;
  }

  /**
   * A change as it goes to the database.
   *
   * @param before this node's knowledge of its subject, to compare the answer with
   */
  public record Target(Change change, HistoryWatch.Before before) {}

  /** This node's knowledge of the subject of a change, read once unless the database is asked. */
  private final class Knowledge {
    private final Change change;
    private HistoryWatch.Before before;

    /** The owner's epoch in the database; 0 until it is asked. */
    private long found;

    Knowledge(Change change) {
      this.change = change;
      this.before = watch.before(List.of(change));
    }

    /**
     * The owner's epoch. Rows held back are written first: a deleted conversation and its successor
     * must not reach the mirror as one row.
     */
    long epoch() {
      return Math.max(found, local.preferences(change.owner()).epoch());
    }

    /** The live conversation as this node knows it, else as the database does; null if none. */
    @Nullable ConversationState live(String id, boolean afresh) {
      ConversationState known = afresh ? null : before.header(change.owner(), id);
      return known != null && known.isLive() ? known : look(id).live();
    }

    /** Asks the database for a conversation and copies its answer. */
    Found look(String id) {
      Found answer = watch.look(change.owner(), id);
      found = answer.ownerEpoch();
      learn(HistoryWatch.rows(change.owner(), answer));
      return answer;
    }

    /** Asks the database for the owner's epoch and copies it. */
    void lookAtOwner() {
      List<State> rows = watch.look(change.owner());
      found = rows.isEmpty() ? 0 : rows.get(0).epoch();
      learn(rows);
    }

    private void learn(List<State> rows) {
      copy.accept(rows);
      before = watch.before(List.of(change));
    }
  }

  /**
   * The change with the generation and the epoch that this node knows; asks the database if they
   * are unknown or if {@code afresh}.
   *
   * @throws io.conversationstore.spi.EngineFailureException if the database fails, or went back in
   *     time
   */
  public Target resolve(Change change, boolean afresh) {
    Knowledge knowledge = new Knowledge(change);
    Change known = change.accept(new Known(knowledge, afresh));
    return new Target(known, knowledge.before);
  }

  private final class Known implements Change.Visitor<Change, RuntimeException> {
    private final Knowledge knowledge;
    private final boolean afresh;

    Known(Knowledge knowledge, boolean afresh) {
      this.knowledge = knowledge;
      this.afresh = afresh;
    }

    @Override
    public Change conversationCreated(ConversationCreated create) {
      if (afresh) {
        knowledge.look(create.conversationId());
      }
      return create.withStamp(stamp(create, knowledge.epoch(), null));
    }

    @Override
    public Change toConversation(ToConversation change) {
      ConversationState live = knowledge.live(change.ref().id(), afresh);
      if (live == null) {
        throw new ConversationNotFoundException(change.owner(), change.ref().id());
      }
      return named(change, live);
    }

    private Change named(ToConversation change, ConversationState live) {
      return change
          .withGeneration(live.generation())
          .withStamp(stamp(change, live.epoch(), live.requireLive().updatedAt()));
    }

    @Override
    public Change preferencesPut(PreferencesPut put) {
      String active = put.update().activeConversation();
      if (!put.update().setsActiveConversation() || active == null) {
        if (afresh) {
          knowledge.lookAtOwner();
        }
        PreferencesState known = knowledge.before.preferences(put.owner());
        long epoch = Math.max(knowledge.found, known.epoch());
        return put.withStamp(stamp(put, epoch, written(known)));
      }
      // The change is not about this conversation, so its answer is not compared with it.
      ConversationState live = afresh ? null : local.known(put.owner(), active);
      if (live == null || !live.isLive()) {
        live = knowledge.look(active).live();
      }
      if (live == null) {
        throw new ConversationNotFoundException(put.owner(), active);
      }
      return new PreferencesPut(
          stamp(put, live.epoch(), written(knowledge.before.preferences(put.owner()))),
          put.update(),
          live.generation());
    }

    @Override
    public Change ownerErased(OwnerErased erasure) {
      return ofOwner(erasure);
    }

    @Override
    public Change bulk(Bulk bulk) {
      if (bulk.isAppend()) {
        return append(bulk);
      }
      return bulk.isOnce() ? bulk : ofOwner(bulk);
    }

    /**
     * An append that creates: a plain append if the conversation is known to be live. Without
     * {@code afresh} the database is not asked, since it decides in any case.
     */
    private Change append(Bulk bulk) {
      String id = bulk.create().conversationId();
      ConversationState live =
          afresh ? knowledge.look(id).live() : knowledge.before.header(bulk.owner(), id);
      return live != null && live.isLive()
          ? named(bulk.append().withStamp(bulk.stamp()), live)
          : bulk.withStamp(stamp(bulk, knowledge.epoch(), null));
    }

    private Change ofOwner(Change change) {
      if (afresh) {
        knowledge.lookAtOwner();
      }
      return change.withStamp(stamp(change, knowledge.epoch(), null));
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
}
