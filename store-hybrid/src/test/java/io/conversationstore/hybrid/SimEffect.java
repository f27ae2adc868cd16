package io.conversationstore.hybrid;

import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.spi.State.MessageState;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What a call has done to the database, as a restored one may lack it. */
interface SimEffect {

  /** Whether the database has it. */
  boolean isIn(SimView database);

  /** Whether a copy can give it back. */
  boolean isHeldBy(SimView copy);

  /** A message that a call has written. */
  static SimEffect message(Op op, UUID message) {
    return same(view -> view.hasLiveMessage(op.owner, op.conversation, message));
  }

  /** A conversation that a call has created, or found. */
  static SimEffect conversation(Op op, String conversation) {
    return same(view -> view.hasLive(op.owner, conversation));
  }

  /** What an edit, a delete or an erasure has done; null where the database never said so. */
  static @Nullable SimEffect of(Op op, SimHistory history) {
    String text = SimClient.text(op.step.number());
    UUID target = SimClient.messageId(op.step.target(), 0);
    return switch (op.step.kind()) {
      case EDIT -> same(view -> view.hasText(op.owner, op.conversation, target, text));
      case RENAME -> same(view -> view.hasTitle(op.owner, op.conversation, text));
      case PREFER -> same(view -> view.hasModel(op.owner, text));
      case DELETE_MESSAGE -> deletedMessage(op, target);
      case DELETE -> {
        SimHistory.Ended ended = history.endedBy.get(op);
        yield ended == null
            ? null
            : same(
                view ->
                    view.hasEnded(op.owner, op.conversation, ended.epoch(), ended.generation()));
      }
      case ERASE -> {
        SimHistory.Ended ended = history.endedBy.get(op);
        yield ended == null ? null : same(view -> view.epoch(op.owner) >= ended.epoch());
      }
      default -> null;
    };
  }

  /** A message that is not there at all may still be given back by a node without the delete. */
  private static SimEffect deletedMessage(Op op, UUID target) {
    return same(
        view -> {
          MessageState row = view.message(op.owner, op.conversation, target);
          return row != null && !row.isLive();
        });
  }

  private static SimEffect same(Predicate<SimView> test) {
    return new SimEffect() {
      @Override
      public boolean isIn(SimView database) {
        return test.test(database);
      }

      @Override
      public boolean isHeldBy(SimView copy) {
        return test.test(copy);
      }
    };
  }
}
