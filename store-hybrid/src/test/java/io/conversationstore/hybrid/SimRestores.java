package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.SimHistory.Insert;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The times at which an older copy of the database was put back, and what the nodes held then. It
 * says what may be gone since: what the database lost, and no node could give back.
 */
final class SimRestores {

  /** By then the copy has what was committed, in nanoseconds; a busy node takes its time. */
  private static final long LONGEST_WRITE_BEHIND = 200_000_000L;

  /**
   * What a node held.
   *
   * @param position how far it had read the feed
   * @param mirror what its copy held
   * @param formers what stayed aside of copies that were emptied for a new history
   * @param pending the changes that waited
   */
  record Held(
      int node,
      boolean isAlive,
      boolean isWhole,
      FeedPosition position,
      SimView mirror,
      List<SimView> formers,
      Set<UUID> pending) {}

  /**
   * An older copy was put back.
   *
   * @param time the same by the database's clock
   * @param effectiveBefore the commits that counted before it
   * @param effectiveAfter those that count after it
   * @param ahead the nodes whose places in the feed were ahead of it
   */
  record Restore(
      long at,
      Instant time,
      SimView before,
      SimView after,
      BitSet effectiveBefore,
      BitSet effectiveAfter,
      Map<Integer, Held> nodes,
      Set<Integer> ahead) {
    Restore {
      ahead = Set.copyOf(ahead);
      nodes = Map.copyOf(nodes);
    }
  }

  /** A node has begun with a new history that the database had at a time. */
  private record Entry(long at, Instant found) {}

  private final SimHistory history;
  private final List<Restore> restores = new ArrayList<>();
  private final Map<Integer, List<Entry>> entries = new HashMap<>();

  /** When nodes have given up what their copies held, without having offered it. */
  private final Map<Integer, List<Long>> givenUp = new HashMap<>();

  /**
   * When nodes removed their rows of an owner, by node and owner: the restored database has an
   * erasure later than their copies, and epochs do not show whether the copies include it.
   */
  private final Map<String, List<Long>> erasedHere = new HashMap<>();

  /** Nodes whose copies have just been put aside for a new history. */
  private final Set<Integer> entering = new HashSet<>();

  SimRestores(SimHistory history) {
    this.history = history;
  }

  List<Restore> all() {
    return restores;
  }

  void add(Restore restore) {
    restores.add(restore);
  }

  /** A node's copy is emptied. */
  void emptied(int node, boolean keep, long at) {
    if (keep) {
      entering.add(node);
    } else {
      gaveUp(node, at);
    }
  }

  /** A node has given up rows of its copy. */
  void gaveUp(int node, long at) {
    givenUp.computeIfAbsent(node, key -> new ArrayList<>()).add(at);
  }

  /** A node has removed what it had of an owner, as the database says that it was erased. */
  void erasedHere(int node, Owner owner, long at) {
    erasedHere.computeIfAbsent(node + "/" + owner, key -> new ArrayList<>()).add(at);
  }

  /** A node has noted a contact with the database. */
  void contacted(int node, Instant databaseTime, long at) {
    if (entering.remove(node)) {
      entries.computeIfAbsent(node, key -> new ArrayList<>()).add(new Entry(at, databaseTime));
    }
  }

  /** When a node had given what it held after a restore; the latest time if it never did. */
  private long entry(int node, Restore restore) {
    return entries.getOrDefault(node, List.of()).stream()
        .filter(entry -> !entry.found.isBefore(restore.time))
        .mapToLong(Entry::at)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /**
   * Whether what a call has done may be gone at the end: the database lost it, and no node could
   * give it back.
   */
  boolean mayBeGone(Op op, SimEffect effect) {
    return restores.stream()
        .anyMatch(
            restore ->
                (isLost(op, effect, restore) || isFoundUnnoticed(op, effect, restore))
                    && restore.nodes.values().stream()
                        .noneMatch(held -> gives(held, op, effect, restore)));
  }

  /**
   * Whether a call has found in a copy what the database had lost: its node had not noticed yet,
   * and had nothing to write.
   */
  private boolean isFoundUnnoticed(Op op, SimEffect effect, Restore restore) {
    return op.start >= restore.at
        && op.start < entry(op.step.node(), restore)
        && op.queued.isEmpty()
        && history.commits.stream().noneMatch(commit -> commit.op() == op)
        && effect.isIn(restore.before)
        && !effect.isIn(restore.after);
  }

  /** The same of what an edit, a delete or an erasure has done. */
  boolean mayBeUndone(Op op) {
    SimEffect effect = SimEffect.of(op, history);
    return wasPendingAndErasedHere(op) || (effect != null && mayBeGone(op, effect));
  }

  /**
   * Whether an erasure that waited was dropped for a lost one that a node made again: the copy of
   * that node had no time, so the lost erasure counts as made now. See docs/guarantees.md.
   */
  boolean isDroppedForALostOne(Op erase) {
    return erase.queued.stream()
        .map(history.ends::get)
        .anyMatch(
            end ->
                end != null
                    && end.kind() == Settlement.Kind.DROPPED
                    && end.isReported()
                    && restores.stream()
                        .anyMatch(
                            restore ->
                                restore.at <= end.at() && mayMakeAgain(erase.owner, restore)));
  }

  /** Whether a copy without a time knows an erasure that the database has lost. */
  private static boolean mayMakeAgain(Owner owner, Restore restore) {
    return restore.nodes.values().stream()
        .anyMatch(held -> !held.isWhole && held.mirror.epoch(owner) > restore.after.epoch(owner));
  }

  /**
   * Whether a call waited when its node removed what it had of the owner; see docs/guarantees.md.
   */
  private boolean wasPendingAndErasedHere(Op op) {
    return erasedHere.getOrDefault(op.step.node() + "/" + op.owner, List.of()).stream()
        .anyMatch(
            at ->
                op.end <= at
                    && op.queued.stream()
                        .map(history.ends::get)
                        .anyMatch(end -> end == null || end.at() >= at));
  }

  /**
   * Whether a node that answers may lack what a call has done: before it noticed that the database
   * went back, or where another node is to give it back.
   *
   * @param fromDatabase whether the database has answered, or that is not known
   */
  boolean mayLack(Op op, SimEffect effect, Op read, boolean fromDatabase) {
    int node = read.step.node();
    return restores.stream()
        .filter(restore -> isLost(op, effect, restore))
        .anyMatch(
            restore -> {
              Held held = restore.nodes.get(node);
              return held == null
                  || !gives(held, op, effect, restore)
                  || (fromDatabase && read.start < entry(node, restore));
            });
  }

  /** The same of what an edit, a delete or an erasure has done. */
  boolean mayLackWhatWasDone(Op op, Op read, boolean fromDatabase) {
    SimEffect effect = SimEffect.of(op, history);
    return effect != null && mayLack(op, effect, read, fromDatabase);
  }

  /**
   * Whether a node's copy may lack later rows: the database lost nothing that the node knew, and
   * reused the lost transaction ids before the node read the feed again. The node then cannot
   * detect that its feed position is void. See docs/guarantees.md. A copied directory has the
   * position of the one that it was copied from.
   */
  boolean overtook(int node) {
    return restores.stream()
        .anyMatch(
            restore -> {
              int then = thatHeld(node, restore);
              return restore.ahead.contains(then)
                  && entry(node, restore) == Long.MAX_VALUE
                  && restore.nodes.get(then).mirror.isWithin(restore.after);
            });
  }

  /** The node whose directory was this one's at a restore. */
  private int thatHeld(int node, Restore restore) {
    return history.clone != null && history.clone.node() == node && !restore.nodes.containsKey(node)
        ? history.clone.of()
        : node;
  }

  /** Whether the database has lost an acknowledged operation, at least for a time. */
  boolean hasLost(Op op) {
    SimEffect done = SimEffect.of(op, history);
    return op.isAcknowledged()
        && restores.stream()
            .anyMatch(
                restore ->
                    (done != null && isLost(op, done, restore))
                        || op.messages.stream()
                            .anyMatch(
                                message -> isLost(op, SimEffect.message(op, message), restore)));
  }

  /** Whether a node has asked a restored database for a message before it noticed. */
  boolean mayShow(Op read, UUID message, boolean fromDatabase) {
    return fromDatabase
        && restores.stream()
            .anyMatch(
                restore ->
                    restore.after.hasLiveMessage(read.owner, read.conversation, message)
                        && read.end >= restore.at
                        && read.start < entry(read.step.node(), restore));
  }

  /** Whether a node that reads has not yet given back a message that the database lost. */
  boolean isAwaited(Op op, UUID message, Op read) {
    SimEffect effect = SimEffect.message(op, message);
    return restores.stream()
        .anyMatch(
            restore ->
                isLost(op, effect, restore)
                    && read.end >= restore.at
                    && read.start < entry(read.step.node(), restore));
  }

  private boolean isLost(Op op, SimEffect effect, Restore restore) {
    if (op.start >= restore.at || effect.isIn(restore.after)) {
      return false;
    }
    return effect.isIn(restore.before)
        || (isCommitted(op, restore.effectiveBefore) && !isCommitted(op, restore.effectiveAfter));
  }

  private boolean isCommitted(Op op, BitSet effective) {
    return history.commits.stream()
        .anyMatch(
            commit -> commit.op() == op && commit.changed() && effective.get(commit.number()));
  }

  /** Whether a node had what a call has done, and kept it until it had offered it. */
  private boolean gives(Held held, Op op, SimEffect effect, Restore restore) {
    int node = held.node;
    long entry = entry(node, restore);
    List<Long> lost =
        givenUp.getOrDefault(node, List.of()).stream()
            .filter(at -> at >= restore.at && at <= entry)
            .toList();
    if (op.changes.stream()
        .anyMatch(change -> held.pending.contains(change) && stays(change, lost))) {
      return true;
    }
    return hasInCopy(held, op, effect, restore);
  }

  /** Whether a node's copy had what a call has done, and kept it until it had offered it. */
  private boolean hasInCopy(Held held, Op op, SimEffect effect, Restore restore) {
    int node = held.node;
    long entry = entry(node, restore);
    boolean isGone =
        givenUp.getOrDefault(node, List.of()).stream()
                .anyMatch(at -> at >= restore.at && at <= entry)
            || erasedHere.getOrDefault(node + "/" + op.owner, List.of()).stream()
                .anyMatch(at -> at >= restore.at && at <= entry);
    if (isGone) {
      return false;
    }
    boolean inFiles =
        effect.isHeldBy(held.mirror)
            || (!hasErasedAlone(node) && held.formers.stream().anyMatch(effect::isHeldBy));
    return inFiles || isOnItsWayIntoTheCopy(held, op, restore);
  }

  /**
   * Whether a change that waited was still in the queue, and not in the copy, whenever that was
   * given up: the answer that ends it may be one from before a restore.
   */
  private boolean stays(UUID change, List<Long> lost) {
    SimHistory.End end = history.ends.get(change);
    return end == null || lost.stream().noneMatch(at -> at >= end.at());
  }

  /** What erasures without a database leave is compacted away, and former mirrors with it. */
  private boolean hasErasedAlone(int node) {
    return history.ops.stream()
        .anyMatch(
            op ->
                op.alone
                    && op.step.node() == node
                    && op.step.kind() == SimStep.Kind.ERASE
                    && op.outcome != SimHistory.Outcome.REFUSED);
  }

  /** Whether the node that has written it lives on, and so its copy takes it. */
  private boolean isOnItsWayIntoTheCopy(Held held, Op op, Restore restore) {
    int node = held.node;
    return op.step.node() == node
        && held.isAlive
        && op.isAcknowledged()
        && op.end < restore.at
        && !history.hadDiskFull.contains(node)
        && !history.limited.contains(node)
        && !history.wasEmptied(node, op.start, restore.at)
        && history.crashes.getOrDefault(node, List.of()).stream()
            .noneMatch(at -> at >= op.start && at <= restore.at + LONGEST_WRITE_BEHIND);
  }

  /**
   * Whether a node may have found no conversation for what it had queued, and parked it: it could
   * not give it back itself, and another node had not yet. What is queued behind a save that was to
   * create the conversation is parked with the save.
   */
  boolean mayBeParked(Op op) {
    return op.queued.stream()
            .map(history.ends::get)
            .anyMatch(
                end -> end != null && end.kind() == Settlement.Kind.PARKED && end.isReported())
        && (conversations(op).stream().anyMatch(id -> mayLackConversation(op, id))
            || history.ops.stream().anyMatch(save -> isCreatedBy(save, op) && mayBeParked(save)));
  }

  private boolean mayLackConversation(Op op, String conversation) {
    SimEffect effect = SimEffect.conversation(op, conversation);
    return restores.stream()
        .anyMatch(
            restore ->
                effect.isIn(restore.before)
                    && (!effect.isIn(restore.after) || isOfEarlier(op, conversation, restore))
                    && isGivenByAnother(op, effect, restore));
  }

  /** Whether an earlier generation lives in a restored database. */
  private static boolean isOfEarlier(Op op, String conversation, Restore restore) {
    ConversationState before = restore.before.header(op.owner, conversation);
    ConversationState after = restore.after.header(op.owner, conversation);
    return before != null
        && after != null
        && (after.epoch() < before.epoch() || after.generation() < before.generation());
  }

  private static boolean isCreatedBy(Op save, Op op) {
    return save.step.kind() == SimStep.Kind.SAVE
        && save.step.node() == op.step.node()
        && save.owner.equals(op.owner)
        && save.start < op.start
        && conversations(save).contains(op.conversation);
  }

  private static List<String> conversations(Op op) {
    return op.step.kind() == SimStep.Kind.SAVE
        ? List.of(op.conversation, SimClient.second(op.step))
        : List.of(op.conversation);
  }

  private boolean isGivenByAnother(Op op, SimEffect effect, Restore restore) {
    Held own = restore.nodes.get(op.step.node());
    return own == null || !hasInCopy(own, op, effect, restore);
  }

  /**
   * Whether what a call wrote may stand behind what its node has written later: that went into the
   * restored database before the node noticed, or another node gives the earlier one back.
   *
   * @param later how the later message came into the database
   */
  boolean mayStandBehind(Op first, UUID message, Insert later) {
    SimEffect effect = SimEffect.message(first, message);
    return restores.stream()
        .anyMatch(
            restore ->
                later.at() >= restore.at
                    && isLost(first, effect, restore)
                    && (later.at() <= entry(first.step.node(), restore)
                        || isGivenByAnother(first, effect, restore)));
  }
}
