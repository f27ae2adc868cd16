package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.Owner;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The rows that this node saw committed last. A database that lost commits lost the latest ones, so
 * it lacks one of these. This detects losses that the node's counter misses, because the counter is
 * raised only at contacts. Thread-safe.
 */
public final class RecentCommits {

  /** More than the number of concurrent writes, so the order of their commits does not matter. */
  private static final int MAX = 64;

  private static final long RECENTLY = DatabaseHandshake.DELETED_ROWS_STAY.toNanos();

  /** A row, without its content. */
  private record Row(State.Key key, long epoch, long generation, long version, boolean live) {

    static Row of(State state) {
      return new Row(
          state.key(), state.epoch(), state.generation(), state.version(), state.isLive());
    }

    boolean isLaterThan(Row that) {
      return epoch != that.epoch
          ? epoch > that.epoch
          : generation != that.generation ? generation > that.generation : version > that.version;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<State.Key, Seen> rows = new LinkedHashMap<>();
  private final LongSupplier nanoTime;

  /**
   * A row and when this process saw it.
   *
   * @param ofTheCopy whether an earlier process saw it, at a time that only the copy may know
   */
  private record Seen(Row row, boolean ofTheCopy, long nanos) {}

  /**
   * @param nanoTime a clock unaffected by changes of the node's clock
   */
  public RecentCommits(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Erasure changes committed in this run. */
  private final Set<UUID> erasures = new LinkedHashSet<>();

  /**
   * Starts with rows of an earlier run's copy: the most recently used conversations, some deleted
   * ones, and some owners with an erasure or preferences. The copy does not know which deletes and
   * erasures were the latest.
   */
  public void begin(LocalStore local) {
    int owners = 0;
    int deleted = 0;
    PriorityQueue<ConversationState> latest =
        new PriorityQueue<>(Comparator.comparing(state -> state.requireLive().updatedAt()));
    for (OwnerState owner : local.mirroredOwners()) {
      PreferencesState preferences = local.preferences(owner.owner());
      if ((preferences.epoch() > 0 || preferences.version() > 0) && owners++ < MAX / 4) {
        add(List.of(preferences), true);
      }
      for (String id : local.mirroredConversations(owner.owner())) {
        ConversationState state = local.find(owner.owner(), id).conversation();
        if (state == null || state.generation() == ConversationRef.LIVE) {
          continue;
        }
        if (state.isLive()) {
          latest.add(state);
          if (latest.size() > MAX / 4) {
            latest.remove();
          }
        } else if (deleted++ < MAX / 4) {
          add(List.of(state), true);
        }
      }
    }
    while (!latest.isEmpty()) {
      ConversationState state = latest.remove();
      add(List.of(state), true);
      add(local.mirroredMessages(state.owner(), state.id(), state.lastSeq() - 1, 1), true);
    }
  }

  /**
   * Adds rows just committed. They replace earlier states of the same rows: a deleted row is
   * removed eventually and must not be searched for then.
   */
  public void add(List<? extends State> states) {
    add(states, false);
  }

  private void add(List<? extends State> states, boolean ofTheCopy) {
    long nanos = nanoTime.getAsLong();
    lock.lock();
    try {
      for (State state : states.subList(Math.max(0, states.size() - MAX), states.size())) {
        Row row = Row.of(state);
        Seen before = rows.remove(row.key);
        rows.put(
            row.key,
            before == null || !before.row.isLaterThan(row)
                ? new Seen(row, ofTheCopy, nanos)
                : before);
        if (rows.size() > MAX) {
          rows.remove(rows.keySet().iterator().next());
        }
      }
      states.stream()
          .filter(state -> state instanceof ConversationState row && !row.isLive())
          .forEach(state -> forgetMessages((ConversationState) state));
    } finally {
      lock.unlock();
    }
  }

  /** The database committed erasures that this node asked for. */
  void addErasures(Set<UUID> changes) {
    lock.lock();
    try {
      erasures.addAll(changes);
      while (erasures.size() > MAX) {
        erasures.remove(erasures.iterator().next());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether this node has seen an erasure commit, which means that its present rows were written
   * later.
   */
  boolean hasErasure(UUID change) {
    lock.lock();
    try {
      return erasures.contains(change);
    } finally {
      lock.unlock();
    }
  }

  private void forgetMessages(ConversationState deleted) {
    rows.keySet()
        .removeIf(
            key ->
                key.messageId() != null
                    && key.owner().equals(deleted.owner())
                    && deleted.id().equals(key.conversationId()));
  }

  void forget() {
    lock.lock();
    try {
      rows.clear();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether the database lacks one of them. A deleted row is removed eventually. Where this node
   * may not have learned of a delete, a row proves nothing by its absence alone, but still by an
   * earlier epoch, generation or version.
   *
   * @param followed whether the copy followed the database lately and would have received deletes
   * @throws io.conversationstore.spi.EngineFailureException if the database cannot be queried
   */
  boolean isMissingIn(PrimaryStore primary, boolean followed) {
    long now = nanoTime.getAsLong();
    List<Seen> seen;
    lock.lock();
    try {
      seen = List.copyOf(rows.values());
    } finally {
      lock.unlock();
    }
    return seen.stream()
        .anyMatch(
            one -> {
              boolean knowsDeletes = followed || (!one.ofTheCopy && now - one.nanos < RECENTLY);
              return isMissing(one.row, knowsDeletes, primary);
            });
  }

  private static boolean isMissing(Row row, boolean knowsDeletes, PrimaryStore primary) {
    Owner owner = row.key.owner();
    String id = row.key.conversationId();
    UUID messageId = row.key.messageId();
    if (id == null) {
      PreferencesState there = primary.preferences(owner);
      return there.epoch() < row.epoch
          || (there.epoch() == row.epoch && there.version() < row.version);
    }
    Found found = primary.find(owner, id);
    if (found.ownerEpoch() != row.epoch) {
      return found.ownerEpoch() < row.epoch;
    }
    ConversationState there = found.conversation();
    if (there == null) {
      // A live row is not removed; a deleted one leaves its generation.
      return (row.live && knowsDeletes) || primary.firstGeneration(owner) <= row.generation;
    }
    if (there.generation() != row.generation || messageId == null || !there.isLive()) {
      return there.generation() < row.generation
          || (there.generation() == row.generation
              && messageId == null
              && there.version() < row.version);
    }
    boolean missing =
        primary
            .message(owner, id, messageId)
            .map(message -> message.version() < row.version)
            .orElse(row.live && knowsDeletes);
    // If it was deleted or erased between the two queries, its absence proves nothing.
    return missing && isLiveIn(primary, owner, id, row);
  }

  /** Whether the row's conversation is live in the row's generation. */
  private static boolean isLiveIn(PrimaryStore primary, Owner owner, String id, Row row) {
    Found found = primary.find(owner, id);
    ConversationState there = found.live();
    return there != null && there.epoch() == row.epoch && there.generation() == row.generation;
  }
}
