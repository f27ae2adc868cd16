package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The events of a simulation, in order. Used by one thread at a time. */
final class SimHistory {

  /** The answer to a client. */
  enum Outcome {
    /** The call has not returned; the node may have died. */
    OPEN,
    ACKNOWLEDGED,
    /** The store reported that nothing was done. */
    REFUSED,
    /** It may or may not have been done. */
    UNKNOWN
  }

  /** A client's call. Times are simulated, in nanoseconds. */
  static final class Op {
    final SimStep step;
    final Owner owner;
    final String conversation;
    final long start;
    final boolean clockIsKnown;
    final Set<UUID> messages = new LinkedHashSet<>();
    final Set<UUID> changes = new LinkedHashSet<>();
    final Set<UUID> queued = new LinkedHashSet<>();
    Outcome outcome = Outcome.OPEN;
    boolean wasThere;

    /** Whether the node was the authority because it had not met the database. */
    boolean alone;

    /** Whether the node lacked the settings of the database that it belongs to. */
    boolean withoutSettings;

    /** Whether it met pending changes of a conversation absent from the copy. */
    boolean onEvicted;

    /** When a walk had read its first and its last page. */
    long firstPage = Long.MAX_VALUE;

    long lastPage;
    long end = Long.MAX_VALUE;

    Op(SimStep step, Owner owner, String conversation, long start, boolean clockIsKnown) {
      this.step = step;
      this.owner = owner;
      this.conversation = conversation;
      this.start = start;
      this.clockIsKnown = clockIsKnown;
    }

    boolean isAcknowledged() {
      return outcome == Outcome.ACKNOWLEDGED;
    }

    boolean isAbout(Op other) {
      return owner.equals(other.owner) && conversation.equals(other.conversation);
    }

    @Override
    public String toString() {
      return step + " (" + outcome + ")";
    }
  }

  /** A change applied by the database. */
  record Commit(int number, UUID changeId, @Nullable Op op, boolean changed, boolean dropped) {}

  /** How a message entered the database. */
  record Insert(@Nullable Op op, long epoch, long generation, long seq) {}

  /** How a pending change ended. */
  record End(Settlement.Kind kind, boolean isReported, String reason, long at) {}

  /**
   * A copied directory.
   *
   * @param pending the changes pending in it
   */
  record Clone(int of, int node, Set<UUID> pending) {}

  final List<Op> ops = new ArrayList<>();
  final List<Commit> commits = new ArrayList<>();
  final Map<String, List<Insert>> inserts = new LinkedHashMap<>();

  /** The calls that made generations; by owner, conversation, epoch and generation. */
  final Map<String, Op> creators = new HashMap<>();

  /** Generations from data that a node held when it met the database. */
  private final Set<String> madeByNobody = new HashSet<>();

  /** The calls that began epochs; by owner and epoch. */
  final Map<String, Op> erasures = new HashMap<>();

  final Map<UUID, Op> byChange = new HashMap<>();
  final Map<UUID, Change> queued = new HashMap<>();
  final Map<UUID, End> ends = new HashMap<>();

  /** Changes that were ever parked: retried by an operator, one follows changes sent meanwhile. */
  final Set<UUID> parked = new HashSet<>();

  /** Whether a transaction holds the feed back, so that undelivered rows are missing. */
  boolean feedHeld;

  final Set<Integer> hadDiskFull = new HashSet<>();

  /** When nodes were killed. */
  final Map<Integer, List<Long>> crashes = new HashMap<>();

  /** Whether contents were evicted from a copy, and a node fetched evicted ones by itself. */
  boolean fetched;

  /** Whether contents were evicted from a copy. */
  boolean evicted;

  /** Nodes whose copies hold less than the database, at least for a time. */
  final Set<Integer> limited = new HashSet<>();

  /** Messages given to the copies of nodes: {@code node/message}. */
  final Set<String> mirrored = new HashSet<>();

  /** When copies were emptied. */
  private final Map<Integer, List<Long>> emptied = new HashMap<>();

  /** When emptied copies were complete again. */
  private final Map<Integer, Long> refilled = new HashMap<>();

  /** Parked changes that an operator asked to end. */
  final Set<UUID> byOperator = new HashSet<>();

  /** The nodes on which they ended, according to the operator's answer. */
  final Map<UUID, Set<Integer>> endedByOperator = new HashMap<>();

  /** When nodes first got a copy of another size. */
  final Map<Integer, Long> resized = new HashMap<>();

  /** Whether text of an erased owner was on a node that had not sent it. */
  boolean soughtPending;

  /** Bulks whose answer was lost. */
  final Set<UUID> cutOff = new HashSet<>();

  /** The nodes on which changes have ended. */
  final Map<UUID, Set<Integer>> endedOn = new HashMap<>();

  @Nullable Clone clone;

  final List<String> wrong = new ArrayList<>();
  private final List<String> trace = new ArrayList<>();
  private long hash = 17;
  private int events;

  /** Records an event; the same seed must give the same events. */
  void event(long at, String what) {
    events++;
    String line = at / 1_000 + " us: " + what;
    hash = hash * 1_000_003 + line.hashCode();
    trace.add(line);
  }

  long hash() {
    return hash;
  }

  /** The number of events. */
  int events() {
    return events;
  }

  List<String> trace() {
    return trace;
  }

  /** Whether a call was made on a node whose copy had got another size. */
  boolean wasResized(Op op) {
    return resized.getOrDefault(op.step.node(), Long.MAX_VALUE) < op.start;
  }

  /** Whether this node is one of two that began as one. */
  boolean isCloned(int node) {
    return clone != null && (clone.of() == node || clone.node() == node);
  }

  /** Whether conversations with messages became rows of a copy. */
  boolean adopted;

  boolean joined;

  /** When nodes gave conversations to the database; by node, owner and conversation. */
  private final Map<String, Long> given = new HashMap<>();

  /**
   * Whether a node had, at a time, not yet given the database its data of a conversation from when
   * it was alone.
   */
  boolean wasUnmet(int node, Op op, long at) {
    return given.getOrDefault(given(node, op.owner, op.conversation), Long.MAX_VALUE) > at
        && ops.stream()
            .anyMatch(
                other ->
                    other.alone
                        && other.step.node() == node
                        && other.owner.equals(op.owner)
                        && other.start < at);
  }

  private static String given(int node, Owner owner, String conversation) {
    return node + "/" + owner.userId() + "/" + conversation;
  }

  /** A node gave the database conversations that it held when it met it. */
  void adopted(long at, int node, List<LocalStore.Met> conversations) {
    event(at, "node " + node + " has given " + conversations.size() + " conversations");
    for (LocalStore.Met met : conversations) {
      given.put(given(node, met.header().owner(), met.header().id()), at);
      adopted |= !met.messages().isEmpty();
      joined |= met.messages().stream().anyMatch(place -> place.from() != place.to());
    }
  }

  /** A node's copy is empty. */
  void emptied(int node, long at) {
    mirrored.removeIf(message -> message.startsWith(node + "/"));
    emptied.computeIfAbsent(node, key -> new ArrayList<>()).add(at);
    refilled.put(node, Long.MAX_VALUE);
  }

  /** A node's copy has everything from the feed. */
  void whole(int node, long at) {
    if (!feedHeld) {
      refilled.computeIfPresent(node, (key, before) -> Math.min(before, at));
    }
  }

  /** Whether a node's copy still lacked its lost rows after a time. */
  boolean lacked(int node, long after) {
    return refilled.getOrDefault(node, -1L) >= after;
  }

  /** Whether a node's copy was emptied after a time. */
  boolean wasEmptied(int node, long after) {
    return emptied.getOrDefault(node, List.of()).stream().anyMatch(at -> at >= after);
  }

  /** A node's files are gone: the fate of its pending changes is unknown. */
  void discarded(int node) {
    for (Op op : ops) {
      if (op.step.node() == node && op.isAcknowledged() && !ends.keySet().containsAll(op.queued)) {
        op.outcome = Outcome.UNKNOWN;
      }
    }
  }

  void attempted(@Nullable Op op, Change change) {
    if (op != null) {
      op.changes.add(change.id());
      byChange.putIfAbsent(change.id(), op);
    }
  }

  void enqueued(@Nullable Op op, Change change) {
    attempted(op, change);
    if (op != null) {
      op.queued.add(change.id());
    }
    queued.put(change.id(), change);
  }

  void settled(
      int node, Settlement settlement, @Nullable List<StoreState.Rejected> rejected, long at) {
    endedOn.computeIfAbsent(settlement.changeId(), change -> new HashSet<>()).add(node);
    boolean reported =
        rejected == null
            || rejected.stream().anyMatch(one -> one.changeId().equals(settlement.changeId()));
    if (settlement.kind() == Settlement.Kind.PARKED) {
      parked.add(settlement.changeId());
    }
    ends.put(settlement.changeId(), new End(settlement.kind(), reported, settlement.reason(), at));
  }

  static String generation(Owner owner, String conversation, long epoch, long generation) {
    return owner.userId() + "/" + conversation + "/" + epoch + "." + generation;
  }

  static String message(Owner owner, String conversation, UUID id) {
    return owner.userId() + "/" + conversation + "/" + id;
  }

  void committed(Change change, Applied applied) {
    Op op = byChange.get(change.id());
    commits.add(
        new Commit(
            commits.size(), change.id(), op, applied.changed(), !applied.dropped().isEmpty()));
    if (!applied.changed()) {
      return;
    }
    applied
        .states(OwnerState.class)
        .forEach(
            state -> {
              if (op != null && change instanceof Change.OwnerErased) {
                erasures.put(state.owner().userId() + "/" + state.epoch(), op);
              }
            });
    applied
        .states(ConversationState.class)
        .filter(ConversationState::isLive)
        .forEach(
            state -> {
              String name =
                  generation(state.owner(), state.id(), state.epoch(), state.generation());
              if (op == null) {
                madeByNobody.add(name);
              } else if (!madeByNobody.contains(name)) {
                creators.putIfAbsent(name, op);
              }
            });
    applied
        .states(MessageState.class)
        .forEach(
            state -> {
              String name = message(state.owner(), state.conversationId(), state.messageId());
              List<Insert> all = inserts.computeIfAbsent(name, key -> new ArrayList<>());
              boolean known =
                  all.stream()
                      .anyMatch(
                          insert ->
                              insert.epoch == state.epoch()
                                  && insert.generation == state.generation());
              if (!known) {
                all.add(new Insert(op, state.epoch(), state.generation(), state.seq()));
              }
            });
  }
}
