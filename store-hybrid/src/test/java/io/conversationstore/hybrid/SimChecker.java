package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.hybrid.SimHistory.Commit;
import io.conversationstore.hybrid.SimHistory.End;
import io.conversationstore.hybrid.SimHistory.Insert;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.hybrid.SimStep.Kind;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks the final state against the answers that clients received. */
final class SimChecker {

  /** Maximum error of nodes in measuring the database's clock, in nanoseconds. */
  private static final long MARGIN = 4_000_000_000L;

  /** By then the copy has committed states, in nanoseconds; a busy node is slow. */
  private static final long LONGEST_WRITE_BEHIND = 200_000_000L;

  private final SimHistory history;
  private final StoreEngine database;
  private final SimReads reads;

  SimChecker(SimHistory history, StoreEngine database) {
    this.history = history;
    this.database = database;
    this.reads = new SimReads(history);
  }

  private void wrong(String what) {
    history.wrong.add(what);
  }

  /** The contents of a store, in words. */
  static Map<String, Object> picture(StoreEngine store) {
    Map<String, Object> picture = new HashMap<>();
    for (Owner owner : SimClient.OWNERS) {
      picture.put("preferences of " + owner.userId(), store.preferences(owner));
      picture.put("count of " + owner.userId(), store.count(owner));
      for (String id : SimClient.CONVERSATIONS) {
        ConversationState header = store.find(owner, id).conversation();
        if (header != null && header.isLive()) {
          String name = owner.userId() + "/" + id;
          picture.put(name, header);
          picture.put(name + " messages", messages(store, owner, id));
        }
      }
    }
    return picture;
  }

  /** The contents of the database, in words. */
  Map<String, Object> picture() {
    return picture(database);
  }

  /**
   * The difference between a mirror and the database; null if none.
   *
   * @param there the contents of the database
   */
  static @Nullable String difference(LocalStore files, Map<String, Object> there) {
    Map<String, Object> here = picture(files);
    Set<String> names = new HashSet<>(here.keySet());
    names.addAll(there.keySet());
    for (String name : names) {
      if (!Objects.equals(here.get(name), there.get(name))) {
        return name + ": here " + here.get(name) + ", in the database " + there.get(name);
      }
    }
    return null;
  }

  /**
   * The difference if a copy with limits holds other data than the database, or misses part of a
   * conversation it does not mark incomplete; null if none.
   */
  @Nullable String differenceWithin(LocalStore files) {
    for (Owner owner : SimClient.OWNERS) {
      if (!files.preferences(owner).equals(database.preferences(owner))) {
        return "preferences of " + owner.userId();
      }
      for (String id : SimClient.CONVERSATIONS) {
        ConversationState here = files.find(owner, id).live();
        if (!Objects.equals(here, database.find(owner, id).live())) {
          return owner.userId() + "/" + id + ": here " + here;
        }
        if (here != null) {
          List<MessageState> held = messages(files, owner, id);
          List<MessageState> all = messages(database, owner, id);
          boolean complete = files.find(owner, id).provenance().complete();
          if (complete ? !held.equals(all) : !all.containsAll(held)) {
            return owner.userId() + "/" + id + ": here " + held + ", in the database " + all;
          }
        }
      }
    }
    return null;
  }

  private static List<MessageState> messages(StoreEngine store, Owner owner, String id) {
    return store.messages(owner, id, Direction.FORWARD, null, 1_000).slice().items();
  }

  /** Runs all checks; violations are recorded in the history. */
  void check() {
    for (Op op : history.ops) {
      if (SimClient.isWrite(op.step.kind()) && op.isAcknowledged()) {
        notLost(op);
      }
      notDoubled(op);
    }
    endedByOperator();
    inserted();
    deleted();
    order();
    edits();
    if (!history.restores.all().isEmpty()) {
      created();
      edited();
    }
  }

  /** A conversation that nobody has deleted is there, whatever the database lost. */
  private void created() {
    for (Op op : history.ops) {
      Kind kind = op.step.kind();
      boolean creates = kind.isCreate() || kind == Kind.SAVE;
      if (creates
          && op.isAcknowledged()
          && !anyOf(op, Kind.ERASE)
          && !anyOf(op, Kind.DELETE)
          && database.find(op.owner, op.conversation).live() == null
          && !history.restores.mayBeGone(op, SimEffect.conversation(op, op.conversation))
          && !history.restores.mayBeParked(op)) {
        wrong("lost: the conversation of " + op);
      }
    }
  }

  /** What was edited is not again what it was before any edit, whatever the database lost. */
  private void edited() {
    for (Op edit : history.ops) {
      if (isEdit(edit)
          && edit.isAcknowledged()
          && history.tookEffect.contains(edit)
          && isSameGeneration(edit, edit)
          && isAsBeforeAnyEdit(edit)
          && !isSavedOver(edit)
          && !history.restores.mayBeUndone(edit)) {
        wrong("lost: what " + edit + " wrote");
      }
    }
  }

  /**
   * Whether a save may have given a conversation another title, or a later create has made one of
   * that id in a restored database: its title is the later one.
   */
  private boolean isSavedOver(Op edit) {
    return edit.step.kind() == Kind.RENAME
        && history.ops.stream()
            .anyMatch(
                op ->
                    (op.step.kind() == Kind.SAVE && op.owner.equals(edit.owner))
                        || (op.step.kind().isCreate()
                            && op.isAbout(edit)
                            && op.start > edit.end
                            && isCommittedWithChange(op)));
  }

  private boolean isCommittedWithChange(Op op) {
    return history.commits.stream().anyMatch(commit -> commit.op() == op && commit.changed());
  }

  private boolean isAsBeforeAnyEdit(Op edit) {
    if (edit.step.kind() == Kind.PREFER) {
      return database.preferences(edit.owner).selectedModel() == null;
    }
    ConversationState header = database.find(edit.owner, edit.conversation).live();
    if (header == null) {
      return false;
    }
    if (edit.step.kind() == Kind.RENAME) {
      return header.requireLive().title().isEmpty();
    }
    UUID target = SimClient.messageId(edit.step.target(), 0);
    MessageState message = live(edit).get(target);
    return message != null && message.requireLive().editedAt() == null;
  }

  private void notDoubled(Op op) {
    List<Commit> effects =
        history.commits.stream()
            .filter(commit -> commit.op() == op && commit.changed() && history.counts(commit))
            .toList();
    if (effects.size() < 2) {
      return;
    }
    int first = effects.get(0).number();
    int last = effects.get(effects.size() - 1).number();
    // Writing the same over itself, or over a write of the same time, changes nothing.
    boolean harmless =
        (isEdit(op) || op.step.kind() == Kind.PREFER_CHAT)
            && history.commits.subList(first, last).stream()
                .noneMatch(
                    commit ->
                        commit.op() != null
                            && commit.op() != op
                            && commit.changed()
                            && commit.op().step.kind() == op.step.kind()
                            && isSameTarget(op, commit.op())
                            && isCertainlyAfter(commit.op(), op));
    // The row of preferences counts each write, even if its fields lose by their times; edits()
    // checks that no field wins that should lose.
    boolean preferences = op.step.kind() == Kind.PREFER || op.step.kind() == Kind.PREFER_CHAT;
    // A node resends a conversation under the id of its first create, so that create takes effect
    // once more in each epoch or generation that deletes have begun since.
    boolean isGivenBack =
        op.step.kind().isCreate()
            && !history.restores.all().isEmpty()
            && (anyOf(op, Kind.ERASE) || anyOf(op, Kind.DELETE));
    if (!harmless && !preferences && !isGivenBack && !isInEpochsOfTheirOwn(op, effects)) {
      wrong("doubled: " + op + " took effect " + effects.size() + " times");
    }
  }

  /**
   * Whether messages were stored once in each of several epochs: a restored database took them into
   * an earlier epoch than that of their node, before the node noticed. The erasure that was given
   * back removed them there, and they are sent again to the epoch that they are of.
   */
  private boolean isInEpochsOfTheirOwn(Op op, List<Commit> effects) {
    return !history.restores.all().isEmpty()
        && op.messages.stream()
                .flatMap(message -> insertsOf(op, message).stream())
                .filter(insert -> insert.op() == op)
                .map(Insert::epoch)
                .distinct()
                .count()
            >= effects.size();
  }

  private static boolean isEdit(Op op) {
    Kind kind = op.step.kind();
    return kind == Kind.EDIT || kind == Kind.RENAME || kind == Kind.PREFER;
  }

  /** Acknowledged data is in the database, or was reported, or was removed again here. */
  private void notLost(Op op) {
    for (UUID change : op.queued) {
      End end = history.ends.get(change);
      boolean committed =
          history.commits.stream()
              .anyMatch(commit -> op.changes.contains(commit.changeId()) && !commit.dropped());
      if (committed) {
        continue;
      }
      boolean erased = anyOf(op, Kind.ERASE);
      if (end == null) {
        if (!erased && !changedByBulk(op)) {
          wrong("lost: " + op + " was queued and is nowhere");
        }
      } else if (end.kind() == Settlement.Kind.CANCELLED) {
        // An erasure also ends parked changes.
        if (!anyOf(op, Kind.DELETE) && !erased && !history.byOperator.contains(change)) {
          wrong("lost: " + op + " was taken back though nobody deleted anything");
        }
      } else if ((!end.isReported() && !isTakenByErasure(op, end))
          || (end.kind() == Settlement.Kind.PARKED
              && !reads.clashes(op)
              && !history.restores.mayBeParked(op))) {
        wrong("lost: " + op + " ended as " + end);
      } else if (end.kind() == Settlement.Kind.DROPPED
          && !erased
          && !anyOf(op, Kind.DELETE)
          && !anyOf(op, Kind.DELETE_MESSAGE)
          && !anyOf(op, Kind.RETAIN)) {
        wrong("lost: " + op + " was dropped though nobody deleted anything: " + end.reason());
      }
    }
    boolean mayBeDone =
        op.step.kind() == Kind.CREATE_IF_ABSENT
            || op.step.kind() == Kind.RETRY
            || op.step.kind() == Kind.DELETE
            || op.step.kind() == Kind.DELETE_MESSAGE;
    if (op.queued.isEmpty()
        && !op.changes.isEmpty()
        && !mayBeDone
        && !isInQueueByAnother(op)
        && !isStored(op)) {
      List<Commit> commits = history.commits.stream().filter(commit -> commit.op() == op).toList();
      if (commits.stream().allMatch(Commit::dropped)) {
        wrong("lost: " + op + " was acknowledged and not committed");
      }
    }
  }

  /** Whether an erasure on its node removed a change from the queue while it was sent. */
  private boolean isTakenByErasure(Op op, End end) {
    return end.kind() == Settlement.Kind.PARKED
        && history.ops.stream()
            .anyMatch(
                other ->
                    other.step.kind() == Kind.ERASE
                        && other.owner.equals(op.owner)
                        && other.step.node() == op.step.node()
                        && !other.queued.isEmpty()
                        && other.end > op.start
                        && other.start <= end.at());
  }

  /** Whether another call queued the same change; the outcome of that call counts. */
  private boolean isInQueueByAnother(Op op) {
    return history.ops.stream()
        .anyMatch(
            other ->
                other != op
                    && other.isAbout(op)
                    && !other.queued.isEmpty()
                    && other.messages.stream().anyMatch(op.messages::contains));
  }

  /** Whether the messages of a call were stored, possibly by an earlier retry. */
  private boolean isStored(Op op) {
    return !op.messages.isEmpty()
        && op.messages.stream()
            .map(message -> SimHistory.message(op.owner, op.conversation, message))
            .allMatch(history.everStored::contains);
  }

  private static boolean changedByBulk(Op op) {
    return op.step.kind() == Kind.SAVE;
  }

  /** Whether any client may have made such a call on the same subject. */
  private boolean anyOf(Op op, Kind kind) {
    return history.ops.stream()
        .anyMatch(
            other ->
                other.step.kind() == kind
                    && other != op
                    && other.outcome != SimHistory.Outcome.REFUSED
                    && (kind == Kind.RETAIN
                        || ((kind == Kind.ERASE || op.step.kind() == Kind.SAVE)
                            ? other.owner.equals(op.owner)
                            : other.isAbout(op))));
  }

  private Map<UUID, MessageState> live(Op op) {
    Map<UUID, MessageState> live = new HashMap<>();
    ConversationState header = database.find(op.owner, op.conversation).live();
    if (header != null) {
      database
          .messages(op.owner, op.conversation, Direction.FORWARD, null, 1_000)
          .slice()
          .items()
          .forEach(message -> live.put(message.messageId(), message));
    }
    return live;
  }

  private List<Insert> insertsOf(Op op, UUID message) {
    return history.inserts.getOrDefault(
        SimHistory.message(op.owner, op.conversation, message), List.of());
  }

  private void inserted() {
    for (Op op : history.ops) {
      Kind kind = op.step.kind();
      if (!kind.isAppend() && kind != Kind.RETRY && kind != Kind.SAVE) {
        continue;
      }
      Map<UUID, MessageState> live = live(op);
      for (UUID message : op.messages) {
        boolean isLive = live.containsKey(message);
        if (op.isAcknowledged()
            && !isLive
            && !reads.mayBeGone(op, message, Long.MAX_VALUE)
            && !reads.clashes(op)
            && !history.restores.mayBeGone(op, SimEffect.message(op, message))
            && !history.restores.mayBeParked(op)) {
          wrong("lost: " + SimReads.name(message) + " of " + op);
        }
        for (Insert insert : insertsOf(op, message)) {
          if (insert.op() == op) {
            inRightGeneration(op, message, insert);
          } else if (op.alone && insert.op() == null) {
            inRightEpoch(op, message, insert);
          }
        }
        if (isLive) {
          notResurrected(op, message, live.get(message));
        }
      }
    }
  }

  /**
   * Data that a node held when it met the database is joined, but enters no epoch of its owner that
   * began after it was written, as far as clocks show.
   */
  private void inRightEpoch(Op op, UUID message, Insert insert) {
    Op erasure = history.erasures.get(op.owner.userId() + "/" + insert.epoch());
    if (op.isAcknowledged()
        && erasure != null
        && erasure.start > op.end + MARGIN
        && !wasGivenAgain(op, message, erasure)) {
      wrong("resurrected: " + SimReads.name(message) + " of " + op + " after " + erasure);
    }
  }

  /** Whether a node that had not met the database was given the message again after an erasure. */
  private boolean wasGivenAgain(Op op, UUID message, Op erasure) {
    return history.ops.stream()
        .anyMatch(
            other ->
                other != op
                    && other.alone
                    && other.isAbout(op)
                    && other.messages.contains(message)
                    && other.end + MARGIN >= erasure.start);
  }

  /** A message enters no generation that was made after it was acknowledged. */
  private void inRightGeneration(Op op, UUID message, Insert insert) {
    Op creator =
        history.creators.get(
            SimHistory.generation(op.owner, op.conversation, insert.epoch(), insert.generation()));
    Op erasure = history.erasures.get(op.owner.userId() + "/" + insert.epoch());
    if (op.isAcknowledged()
        && erasure != null
        && erasure.start > op.end
        && history.wasBegunAfter(op.owner, insert.epoch(), op.end)) {
      wrong("resurrected: " + SimReads.name(message) + " of " + op + " after " + erasure);
    }
    if (op.isAcknowledged()
        && op.step.kind() != Kind.SAVE
        && creator != null
        && creator.start > op.end
        // One that nobody could give back has the number of the next one.
        && history.wasMadeAfter(
            SimHistory.generation(op.owner, op.conversation, insert.epoch(), insert.generation()),
            op.end)
        && !hasCreatePending(op)) {
      wrong("resurrected: " + SimReads.name(message) + " of " + op + " by " + creator);
    }
  }

  /** Whether the node had created the conversation but not sent the create when a call began. */
  private boolean hasCreatePending(Op op) {
    if (history.wasUnmet(op.step.node(), op, op.start)) {
      return true;
    }
    return history.ops.stream()
        .anyMatch(
            create ->
                (create.step.kind().isCreate() || create.step.kind() == Kind.SAVE)
                    && isOnNode(create, op.step.node())
                    && create.owner.equals(op.owner)
                    && create.start < op.end
                    && create.queued.stream()
                        .anyMatch(
                            change -> {
                              End end = history.ends.get(change);
                              return end == null || end.at() > op.start;
                            }));
  }

  /** Whether a call was made on a node, or on the one it was copied from. */
  private boolean isOnNode(Op op, int node) {
    return op.step.node() == node
        || (history.clone != null
            && history.clone.node() == node
            && history.clone.of() == op.step.node());
  }

  private void notResurrected(Op append, UUID message, MessageState state) {
    if (isInACopyThatHeardOfNothing(append)) {
      return;
    }
    if (append.step.kind() == Kind.GROW && !append.isAcknowledged()) {
      return; // Not acknowledged: a delayed request may create after any delete.
    }
    boolean onlyOnce =
        history.ops.stream()
            .noneMatch(
                other ->
                    other != append && other.isAbout(append) && other.messages.contains(message));
    for (Op op : history.ops) {
      boolean before =
          onlyOnce
              && append.end < op.start
              && (op.step.kind() == Kind.DELETE_MESSAGE || append.step.node() == op.step.node());
      boolean effective = op.wasThere || op.step.kind() == Kind.ERASE;
      if (op.isAcknowledged()
          && effective
          && before
          && reads.takes(op, append, message)
          && !isForgotten(append, op)
          && !history.restores.mayBeUndone(op)
          && !isOfAnEarlier(op, state)) {
        wrong(
            "resurrected: "
                + SimReads.name(message)
                + " lives in generation "
                + state.generation()
                + " after "
                + op);
      }
    }
  }

  /** Whether a delete met a restored database, in which an earlier generation lived. */
  private boolean isOfAnEarlier(Op delete, MessageState state) {
    SimHistory.Ended ended = history.endedBy.get(delete);
    return delete.step.kind() == Kind.DELETE
        && !history.restores.all().isEmpty()
        && ended != null
        && ended.epoch() == state.epoch()
        && ended.generation() < state.generation();
  }

  /**
   * Whether a directory to which a call had written was copied before it met the database: the copy
   * learns of no delete and no erasure, and gives the database its contents; see
   * docs/guarantees.md.
   */
  private boolean isInACopyThatHeardOfNothing(Op op) {
    return op.alone && history.isCloned(op.step.node());
  }

  /** Changes that an operator retries are queued under new ids, and end there. */
  private void endedByOperator() {
    for (Op op : history.ops) {
      if (op.step.kind() == Kind.RETRY_PARKED && op.isAcknowledged() && op.wasThere) {
        if (op.queued.isEmpty()) {
          wrong("lost: " + op + " has sent nothing");
        }
        for (UUID change : op.queued) {
          End end = history.ends.get(change);
          boolean erased =
              history.ops.stream()
                  .anyMatch(
                      other ->
                          other.step.kind() == Kind.ERASE
                              && other.outcome != SimHistory.Outcome.REFUSED
                              && other.end > op.start);
          if (erased) {
            continue; // It ends pending changes as well.
          }
          if (end == null || (end.kind() == Settlement.Kind.CANCELLED && end.at() <= op.end)) {
            wrong("lost: what " + op + " sends ended as " + end);
          }
        }
      }
    }
  }

  /** No conversation is live that a node deleted after creating or joining it. */
  private void deleted() {
    for (Op delete : history.ops) {
      if (delete.step.kind() == Kind.DELETE && delete.isAcknowledged() && delete.wasThere) {
        ConversationState live = database.find(delete.owner, delete.conversation).live();
        Op creator =
            live == null
                ? null
                : history.creators.get(
                    SimHistory.generation(
                        live.owner(), live.id(), live.epoch(), live.generation()));
        if (live != null
            && creator != null
            && isDeletedAfter(creator, delete)
            && !history.restores.mayBeUndone(delete)) {
          wrong(
              "resurrected: generation "
                  + live.generation()
                  + " by "
                  + creator
                  + " lives after "
                  + delete);
        }
      }
    }
  }

  /**
   * Whether a delete certainly affects the conversation created by a call: the node itself created
   * it, or found none and called create-if-absent while it existed.
   */
  private boolean isDeletedAfter(Op creator, Op delete) {
    if (creator.step.node() == delete.step.node() && creator.end < delete.start) {
      return creator.isAcknowledged() && !isForgotten(creator, delete);
    }
    return !anyOf(delete, Kind.ERASE)
        && history.ops.stream()
            .anyMatch(
                join ->
                    join.step.kind() == Kind.CREATE_IF_ABSENT
                        && join != creator
                        && join.step.node() == delete.step.node()
                        && join.isAbout(delete)
                        && join.isAcknowledged()
                        && !join.queued.isEmpty()
                        && creator.queued.isEmpty()
                        && creator.isAcknowledged()
                        && creator.end < join.start
                        && join.end < delete.start);
  }

  /**
   * Whether a node was killed between its create and its delete, before its copy received the
   * create from the database: the delete then affects the previous conversation. See
   * docs/guarantees.md.
   */
  private boolean isForgotten(Op creator, Op delete) {
    int node = creator.step.node();
    long taken =
        history.hadDiskFull.contains(node) ? Long.MAX_VALUE : creator.end + LONGEST_WRITE_BEHIND;
    return creator.queued.isEmpty()
        && history.crashes.getOrDefault(node, List.of()).stream()
            .anyMatch(at -> at >= creator.end && at < delete.start && at < taken);
  }

  /** Messages acknowledged in sequence by one node are stored in that order. */
  private void order() {
    List<Op> appends = new ArrayList<>();
    for (Op op : history.ops) {
      if (op.step.kind().isAppend() && op.isAcknowledged()) {
        appends.add(op);
      }
    }
    for (Op first : appends) {
      for (Op second : appends) {
        if (first.end < second.start
            && first.step.node() == second.step.node()
            && first.isAbout(second)) {
          inOrder(first, second);
        }
      }
    }
  }

  private void inOrder(Op first, Op second) {
    for (UUID a : first.messages) {
      for (UUID b : second.messages) {
        for (Insert before : insertsOf(first, a)) {
          for (Insert after : insertsOf(second, b)) {
            if (before.op() == first
                && after.op() == second
                && before.epoch() == after.epoch()
                && before.generation() == after.generation()
                && before.seq() > after.seq()
                && !history.restores.mayStandBehind(first, a, after)) {
              wrong("reordered: " + second + " stands before " + first);
            }
          }
        }
      }
    }
  }

  /** No edit has won over one that began long after it ended. */
  private void edits() {
    for (Op winner : history.ops) {
      Kind kind = winner.step.kind();
      if (isEdit(winner) && stands(winner)) {
        for (Op later : history.ops) {
          if (later != winner
              && later.step.kind() == kind
              && isSameTarget(winner, later)
              && later.isAcknowledged()
              && winner.isAcknowledged()
              && isCertainlyAfter(later, winner)
              && isApplied(later)
              && isSameGeneration(winner, later)
              && !history.restores.mayBeUndone(later)) {
            wrong("lost: " + later + " to the earlier " + winner);
          }
        }
      }
    }
  }

  /** Whether an edit came later than another one by the clocks of the nodes as well. */
  private boolean isCertainlyAfter(Op later, Op earlier) {
    boolean ofOneNode = later.step.node() == earlier.step.node();
    if (isOfTheFuture(earlier) && !(ofOneNode && !history.isCloned(later.step.node()))) {
      return false;
    }
    return ofOneNode
        ? later.start > earlier.end
        : earlier.clockIsKnown && later.clockIsKnown && later.start > earlier.end + MARGIN;
  }

  /**
   * Whether a write may have a time ahead of the database's, because it was made over a write
   * before the first contact of a node whose clock is ahead, see docs/guarantees.md.
   */
  private boolean isOfTheFuture(Op write) {
    return history.ops.stream()
        .anyMatch(
            op ->
                !op.clockIsKnown
                    && history.ahead.contains(op.step.node())
                    && op.start <= write.end
                    && (isSameTarget(write, op) || op.isAbout(write)));
  }

  private static boolean isSameTarget(Op a, Op b) {
    if (a.step.kind() == Kind.PREFER || a.step.kind() == Kind.PREFER_CHAT) {
      return a.owner.equals(b.owner);
    }
    return a.isAbout(b) && (a.step.kind() != Kind.EDIT || a.step.target() == b.step.target());
  }

  /** Without deletes in between, both affected the same conversation. */
  private boolean isSameGeneration(Op a, Op b) {
    return !anyOf(a, Kind.ERASE) && !anyOf(a, Kind.DELETE) && !anyOf(b, Kind.DELETE);
  }

  private boolean isApplied(Op op) {
    return history.commits.stream().anyMatch(commit -> commit.op() == op && !commit.dropped());
  }

  /** Whether the write of a call is the final state. */
  private boolean stands(Op op) {
    String text = SimClient.text(op.step.number());
    if (op.step.kind() == Kind.PREFER) {
      return text.equals(database.preferences(op.owner).selectedModel());
    }
    ConversationState header = database.find(op.owner, op.conversation).live();
    if (header == null) {
      return false;
    }
    if (op.step.kind() == Kind.RENAME) {
      return text.equals(header.requireLive().title());
    }
    MessageState message = live(op).get(SimClient.messageId(op.step.target(), 0));
    return message != null && text.equals(message.requireLive().text());
  }

  /** Erased texts that no file may contain any more, each with the call that wrote it. */
  Map<String, Op> erasedTexts() {
    Map<String, Op> texts = new HashMap<>();
    for (Op op : history.ops) {
      Kind kind = op.step.kind();
      if (isInACopyThatHeardOfNothing(op)) {
        continue;
      }
      if (kind == Kind.CLASH && isErasedLater(op) && live(op).isEmpty()) {
        texts.put(SimClient.text(op.step.number()), op);
      }
      if ((kind.isAppend() || kind == Kind.SAVE) && isErased(op)) {
        for (UUID message : op.messages) {
          texts.put(SimReads.name(message), op);
        }
        history.soughtPending |= !op.queued.isEmpty();
      }
    }
    return texts;
  }

  /** Whether an owner was erased after a call, and its data is absent. */
  private boolean isErased(Op op) {
    boolean isWrittenAgain =
        history.ops.stream()
            .anyMatch(
                other ->
                    other != op
                        && other.owner.equals(op.owner)
                        && other.messages.stream().anyMatch(op.messages::contains));
    return isErasedLater(op)
        && !isWrittenAgain
        && !isInPresentEpoch(op)
        && live(op).keySet().stream().noneMatch(op.messages::contains);
  }

  /**
   * Whether the database has taken a message of a call after the owner's last erasure; {@link
   * #inserted} checks whether it was right. A message that is deleted after that is not erased.
   */
  private boolean isInPresentEpoch(Op op) {
    long epoch = database.find(op.owner, op.conversation).ownerEpoch();
    return op.messages.stream()
        .flatMap(message -> insertsOf(op, message).stream())
        .anyMatch(insert -> insert.epoch() >= epoch);
  }

  private boolean isErasedLater(Op op) {
    return history.ops.stream()
        .anyMatch(
            erase ->
                erase.step.kind() == Kind.ERASE
                    && erase.isAcknowledged()
                    && erase.owner.equals(op.owner)
                    && (!erase.alone || erase.step.node() == op.step.node())
                    && erase.start > op.end
                    && !isTakenForEarlier(erase)
                    && !history.restores.isDroppedForALostOne(erase)
                    && !history.restores.mayBeUndone(erase)
                    && !followsLater(op, erase));
  }

  /**
   * Whether an erasure was dropped because its time precedes another one: the clock of a node that
   * never reached the database may be behind. The drop is reported.
   */
  private boolean isTakenForEarlier(Op erase) {
    return !erase.clockIsKnown
        && erase.queued.stream()
            .map(history.ends::get)
            .anyMatch(
                end -> end != null && end.kind() == Settlement.Kind.DROPPED && end.isReported());
  }

  /**
   * Whether a call was queued behind an erasure of its own node that reached the database after
   * another one: it belongs to the epoch begun by the last one to arrive. See docs/guarantees.md.
   */
  private boolean followsLater(Op op, Op erase) {
    return !op.queued.isEmpty()
        && history.ops.stream()
            .anyMatch(
                own ->
                    own.step.kind() == Kind.ERASE
                        && own != erase
                        && own.owner.equals(op.owner)
                        && own.step.node() == op.step.node()
                        && own.end <= op.start
                        && own.queued.stream()
                            .map(history.ends::get)
                            .anyMatch(end -> end != null && end.at() > erase.start));
  }

  /**
   * A change that a node keeps parked although an operator discarded or retried it; null if none.
   */
  @Nullable String keptParked(ConversationStore store, int node) {
    return store.operator().parked().stream()
        .map(parked -> parked.rejected().changeId())
        .filter(change -> history.endedByOperator.getOrDefault(change, Set.of()).contains(node))
        .map(change -> "parked change " + change + " is still there")
        .findFirst()
        .orElse(null);
  }

  /** A missing conversation that preferences refer to; null if none. */
  @Nullable String lostPreference(ConversationStore store) {
    for (Owner owner : SimClient.OWNERS) {
      String active = store.preferences(owner).activeConversation();
      if (active != null && database.find(owner, active).live() == null) {
        return owner.userId() + " prefers " + active + ", which is not there";
      }
    }
    return null;
  }
}
