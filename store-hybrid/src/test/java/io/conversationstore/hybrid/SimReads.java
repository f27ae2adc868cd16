package io.conversationstore.hybrid;

import io.conversationstore.Preferences;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.hybrid.SimHistory.Outcome;
import io.conversationstore.hybrid.SimStep.Kind;
import io.conversationstore.spi.Settlement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Checks a node's answers against the data it acknowledged before. */
final class SimReads {

  private final SimHistory history;

  SimReads(SimHistory history) {
    this.history = history;
  }

  /** Whether anybody may have removed a message before a time. */
  boolean mayBeGone(Op append, UUID message, long before) {
    return history.ops.stream()
        .anyMatch(
            op ->
                op.start <= before
                    && op.outcome != Outcome.REFUSED
                    && (op.step.kind() == Kind.RETAIN || takes(op, append, message)));
  }

  /** Whether a call removes a message; unknown for a retention. */
  boolean takes(Op op, Op append, UUID message) {
    if (op.alone && op.step.node() != append.step.node() && !isInCopy(op, append.step.node())) {
      return false; // It ends the data of its own directory.
    }
    return switch (op.step.kind()) {
      case ERASE -> op.owner.equals(append.owner);
      case DELETE -> op.isAbout(append);
      case DELETE_MESSAGE ->
          op.isAbout(append) && SimClient.messageId(op.step.target(), 0).equals(message);
      default -> false;
    };
  }

  /** Whether the directory of a node is a copy that was made after a call. */
  private boolean isInCopy(Op op, int node) {
    SimHistory.Clone clone = history.clone;
    return clone != null
        && clone.node() == node
        && clone.of() == op.step.node()
        && op.end <= clone.at();
  }

  /** A node shows the preferences that it wrote last. */
  void preferences(Op read, Preferences shown) {
    Op last = null;
    for (Op op : history.ops) {
      if (op.step.kind() == Kind.PREFER
          && op.isAcknowledged()
          && op.step.node() == read.step.node()
          && op.owner.equals(read.owner)
          && op.end < read.start
          && (last == null || op.start > last.end)) {
        last = op;
      }
    }
    if (last == null
        || isOverwritten(last)
        || hasLostCopy(last)
        || history.restores.mayLackWhatWasDone(last, read, true)) {
      return;
    }
    if (!SimClient.text(last.step.number()).equals(shown.selectedModel())) {
      history.wrong.add("lost: " + read + " does not show " + last + " but " + shown);
    }
  }

  private boolean isOverwritten(Op prefer) {
    return history.ops.stream()
        .anyMatch(
            op ->
                op != prefer
                    && op.owner.equals(prefer.owner)
                    && (op.step.kind() == Kind.PREFER || op.step.kind() == Kind.ERASE));
  }

  /** Whether the node's copy may lack later writes of a call. */
  private boolean hasLostCopy(Op op) {
    int node = op.step.node();
    return history.hadDiskFull.contains(node)
        || history.isCloned(node)
        || history.wasEmptied(node, op.end)
        || history.crashes.getOrDefault(node, List.of()).stream().anyMatch(at -> at >= op.start);
  }

  /** Whether the database rejected an append permanently, and the node reported it. */
  private boolean isRejected(Op append) {
    return append.changes.stream()
        .map(history.ends::get)
        .anyMatch(
            end ->
                end != null
                    && (end.kind() == Settlement.Kind.DROPPED
                        || end.kind() == Settlement.Kind.PARKED));
  }

  /** Whether another message of this id may have been written. */
  boolean clashes(Op op) {
    return history.ops.stream()
        .anyMatch(
            other ->
                other.step.kind() == Kind.CLASH
                    && other.isAbout(op)
                    && op.messages.stream().anyMatch(other.messages::contains));
  }

  /**
   * Whether two nodes were given the same message, or one whose copy may have given it up in
   * between: if it is stored and also pending, it is counted twice until sent, see
   * docs/guarantees.md.
   */
  boolean isSentByTwo(Op read) {
    if (history.isCloned(read.step.node())) {
      return true;
    }
    Map<UUID, Integer> nodes = new HashMap<>();
    for (Op op : history.ops) {
      if (op.isAbout(read)) {
        for (UUID message : op.messages) {
          int node = op.step.node();
          Integer before = nodes.putIfAbsent(message, node);
          if (before != null && (before != node || history.limited.contains(node))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private List<Op> ownAppends(Op read) {
    List<Op> own = new ArrayList<>();
    for (Op op : history.ops) {
      Kind kind = op.step.kind();
      // If two clash, one is refused; the final state shows which.
      if ((kind.isAppend() || kind == Kind.RETRY || kind == Kind.SAVE)
          && op.isAcknowledged()
          && op.end < read.start
          && op.step.node() == read.step.node()
          && op.isAbout(read)) {
        own.add(op);
      }
    }
    return own;
  }

  /**
   * Whether the node was killed before its copy took the database's rows, or its copy was emptied
   * and has not taken them again.
   */
  private boolean isOnlyInDatabase(Op op, UUID message) {
    int node = op.step.node();
    if (op.alone) {
      // It is in the files, unless a copy that includes it was emptied.
      return history.wasEmptied(node, op.end)
          && !history.mirrored.containsKey(node + "/" + message);
    }
    boolean isOut =
        op.queued.isEmpty()
            ? history.wasEmptied(node, op.end)
                || history.crashes.getOrDefault(node, List.of()).stream()
                    .anyMatch(at -> at >= op.end)
            : history.wasEmptied(node, op.end) && history.ends.keySet().containsAll(op.queued);
    return isOut && !history.mirrored.containsKey(node + "/" + message);
  }

  /**
   * Whether an answer marked incomplete may lack the message of an append. What the copy had when
   * the rest of the append was queued is not pending.
   */
  private boolean mayBeEvicted(Op append, UUID message) {
    int node = append.step.node();
    return (history.limited.contains(node) || history.wasEmptied(node, append.end))
        && (!history.queuedMessages.contains(node + "/" + message)
            || history.ends.keySet().containsAll(append.queued));
  }

  /** Whether another node was given the message too: its place may be missing in the copy. */
  private boolean isSentByAnother(Op op, UUID message) {
    return appendsOf(op, message).stream().anyMatch(other -> other.step.node() != op.step.node());
  }

  /** Whether a retention is running, or has run, since a read began. */
  boolean isRetentionOpen(Op read) {
    return history.ops.stream()
        .anyMatch(
            op ->
                op.step.kind() == Kind.RETAIN
                    && (op.outcome == Outcome.OPEN || op.end >= read.start));
  }

  private Set<UUID> required(Op read, boolean complete, boolean fromDatabase, long now) {
    Set<UUID> required = new HashSet<>();
    if (history.hadDiskFull.contains(read.step.node())) {
      return required;
    }
    for (Op op : ownAppends(read)) {
      for (UUID message : op.messages) {
        if (!mayBeGone(op, message, now)
            && !isRejected(op)
            && !clashes(op)
            && (complete || (!mayBeEvicted(op, message) && !isSentByAnother(op, message)))
            && !isOnlyInDatabase(op, message)
            && !history.restores.mayLack(op, SimEffect.message(op, message), read, fromDatabase)) {
          required.add(message);
        }
      }
    }
    return required;
  }

  /**
   * A node reports a conversation as absent or as unknown while offline; the latter is allowed
   * while its copy is rebuilt.
   */
  void missing(Op read, boolean notKnownNow, long now) {
    if (notKnownNow && history.lacked(read.step.node(), read.start)) {
      return;
    }
    if (!required(read, true, true, now).isEmpty()) {
      history.wrong.add("lost: " + read + " does not find what its node has acknowledged");
    }
  }

  /**
   * A node has returned these messages.
   *
   * @param complete whether the answer is marked complete
   * @param atOnce whether this is one answer, which may repeat nothing
   * @param fromDatabase whether an answer came from the database
   * @param ofDatabase the messages of such answers
   * @param sure the first item from which on all answers are marked complete: others may lack
   *     repeated messages
   */
  void listed(
      Op read,
      List<StoredMessage> messages,
      boolean complete,
      boolean fromDatabase,
      Set<UUID> ofDatabase,
      boolean atOnce,
      int sure,
      long now) {
    Map<UUID, Integer> places = new HashMap<>();
    int place = 0;
    for (StoredMessage message : messages) {
      // Pages may repeat a pending message: its last listing gives its place.
      if (places.put(message.id(), place++) != null && atOnce) {
        history.wrong.add("doubled: " + read + " lists " + message.text() + " twice");
      }
    }
    for (UUID message : required(read, complete, fromDatabase, now)) {
      if (!places.containsKey(message) && (atOnce || !cameBehind(read, message))) {
        history.wrong.add("lost: " + read + " lacks " + name(message) + " of its own node");
      }
    }
    places.keySet().stream()
        .filter(message -> isForbidden(read, message, ofDatabase.contains(message)))
        .forEach(
            message ->
                history.wrong.add(
                    "resurrected: " + read + " shows " + name(message) + ", deleted before"));
    order(read, places, atOnce, sure, now);
  }

  /**
   * Whether the copy received a message in the middle of a walk: the walk may have passed its
   * place. The database had stored it before the walk, from a first attempt whose answer was lost
   * or from another node, while it was pending here; or the copy had been emptied. Or the message
   * was pending, and is listed at the place that another node gave it. See docs/guarantees.md.
   */
  private boolean cameBehind(Op read, UUID message) {
    if (appendsOf(read, message).stream()
        .anyMatch(op -> wasPending(op, read.start) && isSentByAnother(op, message))) {
      return true;
    }
    Long mirrored = history.mirrored.get(read.step.node() + "/" + message);
    return mirrored != null
        && mirrored >= read.start
        && appendsOf(read, message).stream()
            .anyMatch(
                op ->
                    history.wasEmptied(read.step.node(), op.end)
                        || (!op.queued.isEmpty() && wasStored(op, message, read.start)));
  }

  private boolean wasPending(Op op, long at) {
    return op.queued.stream().map(history.ends::get).anyMatch(end -> end == null || end.at() > at);
  }

  private boolean wasStored(Op op, UUID message, long before) {
    String name = SimHistory.message(op.owner, op.conversation, message);
    return history.inserts.getOrDefault(name, List.of()).stream()
        .anyMatch(insert -> insert.at() < before);
  }

  private boolean isForbidden(Op read, UUID message, boolean fromDatabase) {
    if (history.hadDiskFull.contains(read.step.node())) {
      return false; // a copy with failed writes marks itself incomplete
    }
    List<Op> appends = appendsOf(read, message);
    if (history.restores.mayShow(read, message, fromDatabase)) {
      return false;
    }
    if (appends.isEmpty()) {
      return false; // from a save of another conversation together with this one
    }
    return history.ops.stream()
        .anyMatch(
            op ->
                op.isAcknowledged()
                    // A copy that lacks the database's rows may report absence.
                    && (op.wasThere || op.step.kind() == Kind.ERASE)
                    && op.end < read.start
                    && op.step.node() == read.step.node()
                    && !history.restores.mayLackWhatWasDone(op, read, fromDatabase)
                    && (fromDatabase || !wasLostByKill(op, read))
                    && appends.stream()
                        .allMatch(
                            append ->
                                append.end < op.start
                                    && append.step.node() == op.step.node()
                                    && takes(op, append, message)));
  }

  /**
   * Whether the node was killed before it wrote the rows of a call to its copy, see
   * docs/guarantees.md. One write of the disk takes up to 1.5 s here.
   */
  private boolean wasLostByKill(Op op, Op read) {
    return op.queued.isEmpty()
        && history.crashes.getOrDefault(op.step.node(), List.of()).stream()
            .anyMatch(
                at ->
                    at >= op.start && at < read.start && at - op.end < TimeUnit.SECONDS.toNanos(2));
  }

  private List<Op> appendsOf(Op read, UUID message) {
    return history.ops.stream()
        .filter(op -> op.isAbout(read) && op.messages.contains(message))
        .toList();
  }

  private void order(Op read, Map<UUID, Integer> places, boolean atOnce, int sure, long now) {
    List<Op> own = ownAppends(read);
    for (Op first : own) {
      for (Op second : own) {
        if (first.end < second.start && first.queued.stream().noneMatch(history.parked::contains)) {
          for (UUID a : first.messages) {
            for (UUID b : second.messages) {
              if (places.getOrDefault(a, -1) > places.getOrDefault(b, Integer.MAX_VALUE)
                  && places.getOrDefault(a, -1) >= sure
                  && appendsOf(read, a).size() == 1
                  && appendsOf(read, b).size() == 1
                  && !stoodBehind(read, first, a, second, b)
                  // What goes in the middle of a walk is not listed again at its place.
                  && (atOnce || !(isRejected(second) || mayBeGone(second, b, now)))) {
                history.wrong.add(
                    "reordered: " + read + " lists " + name(b) + " before " + name(a));
              }
            }
          }
        }
      }
    }
  }

  /** Whether a message came into a restored database before what its node had written earlier. */
  private boolean stoodBehind(Op read, Op first, UUID a, Op second, UUID b) {
    return history.restores.isAwaited(first, a, read)
        || history
            .inserts
            .getOrDefault(SimHistory.message(second.owner, second.conversation, b), List.of())
            .stream()
            .anyMatch(later -> history.restores.mayStandBehind(first, a, later));
  }

  static String name(UUID message) {
    return SimClient.text((int) (message.getMostSignificantBits() >>> 16))
        + "."
        + (message.getLeastSignificantBits() & 0xff);
  }
}
