package io.conversationstore.hybrid;

import io.conversationstore.hybrid.SimHistory.Clone;
import io.conversationstore.hybrid.SimHistory.Commit;
import io.conversationstore.hybrid.SimHistory.End;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.hybrid.SimStep.Kind;
import io.conversationstore.spi.Settlement;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Scenarios that the simulation must reach repeatedly; a plan does not show them. */
enum SimScenario {
  /** Two nodes created a conversation of the same id, and neither has sent it yet. */
  SAME_ID_ON_TWO_NODES(70),
  /** A conversation is deleted and recreated before an append to the first one is sent. */
  LATE_AFTER_MADE_ANEW(50),
  /** An erasure ends unsent writes of a node whose clock is an hour ahead. */
  ERASED_WITH_CLOCK_AHEAD(12),
  /** An answer is lost, and another node edits or deletes the message before it is sent again. */
  CHANGED_BEFORE_THE_RETRY(18),
  /** A client reads page by page, and in between pending changes are sent. */
  CURSOR_ACROSS_A_DRAIN(25),
  /** Changes wait for an absent database, and the copy lacks their conversation. */
  EVICTED_UNDER_THE_GATE(50),
  /** A save of several conversations is interrupted before its answer, and sent again. */
  BULK_CUT_OFF(90),
  /** A directory with pending changes is copied, and both nodes send them. */
  CLONED_WITH_PENDING(60),
  /** A copy evicted contents, and fetches them when the conversation is used again. */
  USED_AFTER_EVICTION(100),
  /**
   * Text of an erased owner was pending on a node, and is searched for in the bytes of all files.
   */
  ERASED_WHILE_PENDING(180),
  /** Retention deletes messages while another node with pending changes is cut off. */
  RETAINED_DURING_AN_OUTAGE(50),
  /** An operator retries parked changes. */
  PARKED_SENT_AGAIN(25),
  /** An operator discards parked changes. */
  PARKED_DISCARDED(40),
  /** A node starts with a copy of another size, and the conversation is read. */
  RESIZED_AND_READ(180),
  /** The active conversation is deleted while another write of preferences waits. */
  ACTIVE_CHAT_DELETED(80),
  /** A node gave the database messages that it held when it met it. */
  ADOPTED(300),
  /** The database already had a conversation of that id. */
  ADOPTED_INTO_ANOTHER(50),
  /** A node writes while the settings of its database are removed. */
  WRITTEN_WITHOUT_SETTINGS(50),
  /** An older copy of the database is put back, which lacks what was acknowledged. */
  RESTORED(500),
  /** It is put back while the copy of a node is made anew, and a former one holds what was lost. */
  RESTORED_BEFORE_WHOLE(100),
  /** A database that has lost a delete or an erasure gets it back. */
  DELETED_OVER_A_RESTORE(50);

  /** The number of seeds for which {@code least} is given. */
  static final int SEEDS = 2_000;

  private static final int CLOCK_AHEAD_MINUTES = 60;

  private final int least;

  SimScenario(int least) {
    this.least = least;
  }

  /** The minimum number of any {@link #SEEDS} seeds in which it must occur. */
  int least() {
    return least;
  }

  /** Whether it occurs only from seed {@link SimPlan#LATER} on. */
  boolean isLater() {
    return compareTo(ERASED_WHILE_PENDING) >= 0;
  }

  /** Whether it occurs only from seed {@link SimPlan#ADOPTING} on. */
  boolean isOfAdoption() {
    return compareTo(ADOPTED) >= 0;
  }

  /** Whether only seeds from {@link SimPlan#RESTORING} on lead to it. */
  boolean isOfRestores() {
    return compareTo(RESTORED) >= 0;
  }

  /** Those that have happened. */
  static Set<SimScenario> of(SimPlan plan, SimHistory history) {
    Set<SimScenario> reached = EnumSet.noneOf(SimScenario.class);
    for (SimScenario scenario : values()) {
      if (scenario.isIn(plan, history)) {
        reached.add(scenario);
      }
    }
    return reached;
  }

  private boolean isIn(SimPlan plan, SimHistory history) {
    return switch (this) {
      case SAME_ID_ON_TWO_NODES ->
          ops(history, Kind.CREATE_IF_ABSENT)
              .anyMatch(
                  one ->
                      ops(history, Kind.CREATE_IF_ABSENT)
                          .anyMatch(other -> areBothPending(one, other, history)));
      case LATE_AFTER_MADE_ANEW ->
          ops(history, Kind.APPEND).anyMatch(append -> isLate(append, history));
      case ERASED_WITH_CLOCK_AHEAD ->
          history.ops.stream()
              .filter(op -> plan.skew(op.step.node()).toMinutes() >= CLOCK_AHEAD_MINUTES)
              .anyMatch(op -> isErased(op, history));
      case CHANGED_BEFORE_THE_RETRY -> isChangedBeforeARetry(history.commits);
      case CURSOR_ACROSS_A_DRAIN ->
          ops(history, Kind.WALK).anyMatch(walk -> isAcrossADrain(walk, history));
      case EVICTED_UNDER_THE_GATE -> history.ops.stream().anyMatch(op -> op.onEvicted);
      case BULK_CUT_OFF ->
          ops(history, Kind.SAVE)
              .anyMatch(
                  save ->
                      save.isAcknowledged()
                          && save.changes.stream().anyMatch(history.cutOff::contains)
                          && isDrained(save, history));
      case CLONED_WITH_PENDING -> {
        Clone clone = history.clone;
        yield clone != null
            && clone.pending().stream()
                .map(change -> history.endedOn.getOrDefault(change, Set.of()))
                .anyMatch(nodes -> nodes.contains(clone.of()) && nodes.contains(clone.node()));
      }
      case USED_AFTER_EVICTION -> history.fetched;
      case ERASED_WHILE_PENDING -> history.soughtPending;
      case RETAINED_DURING_AN_OUTAGE ->
          ops(history, Kind.RETAIN)
              .anyMatch(retain -> retain.wasThere && isInOutage(retain, history));
      case PARKED_SENT_AGAIN -> ops(history, Kind.RETRY_PARKED).anyMatch(op -> op.wasThere);
      case PARKED_DISCARDED -> ops(history, Kind.DISCARD_PARKED).anyMatch(op -> op.wasThere);
      case RESIZED_AND_READ ->
          ops(history, Kind.READ)
              .anyMatch(read -> read.isAcknowledged() && history.wasResized(read));
      case ADOPTED -> history.adopted;
      case ADOPTED_INTO_ANOTHER -> history.joined;
      case WRITTEN_WITHOUT_SETTINGS ->
          history.ops.stream()
              .anyMatch(op -> op.withoutSettings && op.isAcknowledged() && isDrained(op, history));
      case RESTORED -> history.ops.stream().anyMatch(history.restores::hasLost);
      case RESTORED_BEFORE_WHOLE ->
          history.restores.all().stream()
              .flatMap(restore -> restore.nodes().values().stream())
              .anyMatch(held -> !held.isWhole() && !held.formers().isEmpty());
      case DELETED_OVER_A_RESTORE ->
          history.ops.stream()
              .filter(
                  op ->
                      op.wasThere
                          ? op.step.kind() == Kind.DELETE || op.step.kind() == Kind.DELETE_MESSAGE
                          : op.step.kind() == Kind.ERASE)
              .anyMatch(op -> history.restores.hasLost(op) && !history.restores.mayBeUndone(op));
      case ACTIVE_CHAT_DELETED ->
          ops(history, Kind.DELETE)
              .anyMatch(
                  delete ->
                      delete.wasThere
                          && ops(history, Kind.PREFER_CHAT)
                              .anyMatch(
                                  prefer ->
                                      prefer.isAbout(delete)
                                          && prefer.isAcknowledged()
                                          && prefer.end < delete.start));
    };
  }

  /** Whether another node's writes waited for the database during a call. */
  private static boolean isInOutage(Op op, SimHistory history) {
    return history.ops.stream()
        .filter(other -> other.step.node() != op.step.node() && other.end < op.start)
        .flatMap(other -> ends(other, history))
        .anyMatch(end -> end.at() > op.end);
  }

  private static Stream<Op> ops(SimHistory history, Kind kind) {
    return history.ops.stream().filter(op -> op.step.kind() == kind);
  }

  /** The outcomes of a call's pending changes. */
  private static Stream<End> ends(Op op, SimHistory history) {
    return op.queued.stream().filter(history.ends::containsKey).map(history.ends::get);
  }

  private static boolean isDrained(Op op, SimHistory history) {
    return ends(op, history).anyMatch(end -> end.kind() == Settlement.Kind.DRAINED);
  }

  private static boolean areBothPending(Op one, Op other, SimHistory history) {
    return one.step.node() < other.step.node()
        && one.isAbout(other)
        && isDrained(one, history)
        && isDrained(other, history)
        && ends(one, history).anyMatch(end -> end.at() > other.end)
        && ends(other, history).anyMatch(end -> end.at() > one.end);
  }

  private static Stream<End> dropped(Op op, SimHistory history) {
    return ends(op, history).filter(end -> end.kind() == Settlement.Kind.DROPPED);
  }

  private static boolean isLate(Op append, SimHistory history) {
    return dropped(append, history)
        .anyMatch(
            end ->
                ops(history, Kind.DELETE)
                    .filter(delete -> delete.wasThere && delete.isAbout(append))
                    .anyMatch(
                        delete ->
                            history.creators.values().stream()
                                .anyMatch(
                                    create ->
                                        create.isAbout(append)
                                            && create.start > delete.end
                                            && create.start > append.end
                                            && create.end < end.at())));
  }

  private static boolean isErased(Op op, SimHistory history) {
    return dropped(op, history)
        .anyMatch(
            end ->
                history.erasures.values().stream()
                    .anyMatch(
                        erasure ->
                            erasure.owner.equals(op.owner)
                                && erasure.step.node() != op.step.node()
                                && erasure.start > op.end
                                && erasure.start < end.at()));
  }

  private static boolean isChangedBeforeARetry(List<Commit> commits) {
    for (Commit first : commits) {
      for (Commit again : commits.subList(first.number() + 1, commits.size())) {
        if (first.changed()
            && again.changeId().equals(first.changeId())
            && commits.subList(first.number() + 1, again.number()).stream()
                .anyMatch(between -> between.changed() && changes(between.op(), first.op()))) {
          return true;
        }
      }
    }
    return false;
  }

  /** Whether a call of another node changes the message that a call wrote. */
  private static boolean changes(@Nullable Op other, @Nullable Op op) {
    if (op == null
        || other == null
        || other.step.node() == op.step.node()
        || !other.isAbout(op)
        || (other.step.kind() != Kind.EDIT && other.step.kind() != Kind.DELETE_MESSAGE)) {
      return false;
    }
    UUID target = SimClient.messageId(other.step.target(), 0);
    return op.messages.contains(target)
        || (op.step.kind() == Kind.EDIT && op.step.target() == other.step.target());
  }

  private static boolean isAcrossADrain(Op walk, SimHistory history) {
    return ops(history, Kind.APPEND)
        .filter(append -> append.step.node() == walk.step.node() && append.isAbout(walk))
        .filter(append -> append.end < walk.start)
        .flatMap(append -> ends(append, history))
        .anyMatch(
            end ->
                end.kind() == Settlement.Kind.DRAINED
                    && end.at() > walk.firstPage
                    && end.at() < walk.lastPage);
  }
}
