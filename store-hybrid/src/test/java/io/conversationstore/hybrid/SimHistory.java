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
import io.conversationstore.spi.State.PreferencesState;
import java.util.ArrayList;
import java.util.BitSet;
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

  /** How a message came into the database, and when. */
  record Insert(@Nullable Op op, long epoch, long generation, long seq, long at) {}

  /** What a delete or an erasure has ended, or begun: an erasure its epoch. */
  record Ended(long epoch, long generation) {}

  /**
   * What a copy of the database was made with.
   *
   * @param effective the commits that count in it
   */
  record Past(
      BitSet effective,
      Map<String, List<Insert>> inserts,
      Map<String, Op> creators,
      Set<String> madeByNobody,
      Map<String, Op> erasures) {}

  /** How a pending change ended. */
  record End(Settlement.Kind kind, boolean isReported, String reason, long at) {}

  /**
   * A copied directory.
   *
   * @param pending the changes pending in it
   */
  record Clone(int of, int node, Set<UUID> pending, long at) {}

  final List<Op> ops = new ArrayList<>();
  final List<Commit> commits = new ArrayList<>();
  final Map<String, List<Insert>> inserts = new LinkedHashMap<>();

  /** The calls that made generations; by owner, conversation, epoch and generation. */
  final Map<String, Op> creators = new HashMap<>();

  /** All that made a generation of that number, also in what a restored database has lost. */
  private final Map<String, List<Op>> everMade = new HashMap<>();

  /** All that began an epoch of that number, also in what a restored database has lost. */
  private final Map<String, List<Op>> everErased = new HashMap<>();

  /** Generations that came with what a node held when it met the database. */
  private final Set<String> madeByNobody = new HashSet<>();

  /** The calls that began epochs; by owner and epoch. */
  final Map<String, Op> erasures = new HashMap<>();

  /** What deletes and erasures have done to the database. */
  final Map<Op, Ended> endedBy = new HashMap<>();

  /** Edits that the database had, for a time at least. */
  final Set<Op> tookEffect = new HashSet<>();

  /** Messages that the database had, for a time at least. */
  final Set<String> everStored = new HashSet<>();

  /** The numbers of commits that no restored copy of the database has undone. */
  private final BitSet effective = new BitSet();

  /** Who was the first to bring a message into a generation, whatever was restored since. */
  private final Map<String, Op> writers = new HashMap<>();

  final SimRestores restores = new SimRestores(this);

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

  /** Messages that a node has queued, {@code node/message}. */
  final Set<String> queuedMessages = new HashSet<>();

  /** Nodes whose clocks are ahead. */
  final Set<Integer> ahead = new HashSet<>();

  /** Messages given to the copies of nodes, {@code node/message}, and when they were first. */
  final Map<String, Long> mirrored = new HashMap<>();

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
    mirrored.keySet().removeIf(message -> message.startsWith(node + "/"));
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

  /** Whether a node's copy was emptied between two times. */
  boolean wasEmptied(int node, long after, long before) {
    return emptied.getOrDefault(node, List.of()).stream()
        .anyMatch(at -> at >= after && at <= before);
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

  /** Whether a generation of that number was first made after a time. */
  boolean wasMadeAfter(String generation, long time) {
    return everMade.getOrDefault(generation, List.of()).stream().allMatch(op -> op.start > time);
  }

  /** Whether an epoch of that number was first begun after a time. */
  boolean wasBegunAfter(Owner owner, long epoch, long time) {
    return everErased.getOrDefault(owner.userId() + "/" + epoch, List.of()).stream()
        .allMatch(op -> op.start > time);
  }

  /** Whether what a commit did is not undone by an older copy of the database. */
  boolean counts(Commit commit) {
    return effective.get(commit.number());
  }

  /** What belongs to the database, as it is now. */
  Past past() {
    Map<String, List<Insert>> copy = new LinkedHashMap<>();
    inserts.forEach((name, all) -> copy.put(name, new ArrayList<>(all)));
    return new Past(
        (BitSet) effective.clone(),
        copy,
        new HashMap<>(creators),
        new HashSet<>(madeByNobody),
        new HashMap<>(erasures));
  }

  /** The database is what it was. */
  void goBack(Past past) {
    effective.clear();
    effective.or(past.effective);
    inserts.clear();
    past.inserts.forEach((name, all) -> inserts.put(name, new ArrayList<>(all)));
    creators.clear();
    creators.putAll(past.creators);
    madeByNobody.clear();
    madeByNobody.addAll(past.madeByNobody);
    erasures.clear();
    erasures.putAll(past.erasures);
  }

  static String generation(Owner owner, String conversation, long epoch, long generation) {
    return owner.userId() + "/" + conversation + "/" + epoch + "." + generation;
  }

  static String message(Owner owner, String conversation, UUID id) {
    return owner.userId() + "/" + conversation + "/" + id;
  }

  void committed(Change change, Applied applied, long at) {
    Op op = byChange.get(change.id());
    if (op != null) {
      noteEnded(op, change, applied);
      if (applied.changed() && hasWritten(op, applied)) {
        tookEffect.add(op);
      }
    }
    effective.set(commits.size());
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
                String name = state.owner().userId() + "/" + state.epoch();
                erasures.put(name, op);
                everErased.computeIfAbsent(name, key -> new ArrayList<>()).add(op);
              }
            });
    applied
        .states(ConversationState.class)
        .filter(ConversationState::isLive)
        .forEach(
            state -> {
              String name =
                  generation(state.owner(), state.id(), state.epoch(), state.generation());
              // A node gives back what a database lost under the id of the change that made it.
              Op first = op == null ? byChange.get(state.createdBy()) : op;
              if (first != null) {
                everMade.computeIfAbsent(name, key -> new ArrayList<>()).add(first);
              }
              if (first == null || (op == null && restores.all().isEmpty())) {
                madeByNobody.add(name);
              } else if (!madeByNobody.contains(name)) {
                creators.putIfAbsent(name, first);
              }
            });
    applied
        .states(MessageState.class)
        .forEach(
            state -> {
              String name = message(state.owner(), state.conversationId(), state.messageId());
              everStored.add(name);
              List<Insert> all = inserts.computeIfAbsent(name, key -> new ArrayList<>());
              boolean known =
                  all.stream()
                      .anyMatch(
                          insert ->
                              insert.epoch == state.epoch()
                                  && insert.generation == state.generation());
              if (!known) {
                String place = name + "/" + state.epoch() + "." + state.generation();
                Op writer = op == null ? writers.get(place) : op;
                if (writer != null) {
                  writers.putIfAbsent(place, writer);
                }
                all.add(new Insert(writer, state.epoch(), state.generation(), state.seq(), at));
              }
            });
  }

  /** Whether a row has what an edit wrote: one that is older than what is there wins nothing. */
  private static boolean hasWritten(Op op, Applied applied) {
    String text = SimClient.text(op.step.number());
    return switch (op.step.kind()) {
      case EDIT ->
          applied
              .states(MessageState.class)
              .anyMatch(row -> row.isLive() && row.requireLive().text().equals(text));
      case RENAME ->
          applied
              .states(ConversationState.class)
              .anyMatch(row -> row.isLive() && row.requireLive().title().equals(text));
      case PREFER ->
          applied.states(PreferencesState.class).anyMatch(row -> text.equals(row.selectedModel()));
      default -> false;
    };
  }

  private void noteEnded(Op op, Change change, Applied applied) {
    if (change instanceof Change.ConversationDeleted) {
      applied
          .states(ConversationState.class)
          .filter(state -> !state.isLive())
          .forEach(state -> endedBy.put(op, new Ended(state.epoch(), state.generation())));
    } else if (change instanceof Change.OwnerErased && applied.changed()) {
      applied
          .states(OwnerState.class)
          .forEach(state -> endedBy.put(op, new Ended(state.epoch(), 0)));
    }
  }
}
