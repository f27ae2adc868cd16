package io.conversationstore.internal;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The places where the next pages of a conversation begin. */
final class Continuations {

  private Continuations() {}

  /**
   * The place behind a page.
   *
   * @param from where the page began, or null for the direction's end
   */
  static Position.InConversation of(
      MessageSlice read, Direction direction, Position.@Nullable InConversation from) {
    ConversationState conversation = read.conversation();
    List<MessageState> items = read.slice().items();
    long start = direction == Direction.FORWARD ? 0 : conversation.lastSeq() + 1;
    // Places from before a conversation had a generation are not valid in that generation.
    long seq = from != null && from.generation() == conversation.generation() ? from.seq() : start;
    UUID pending = from == null ? null : from.pending();
    if (!items.isEmpty()) {
      if (direction == Direction.FORWARD) {
        for (MessageState item : items) {
          // Not the highest of all pages: paging may have returned to messages that were pending
          // before.
          seq = item.seq() == 0 ? seq : item.seq();
        }
        MessageState last = items.get(items.size() - 1);
        pending = last.seq() == 0 ? last.messageId() : null;
      } else {
        MessageState first = items.get(0);
        seq = first.seq() == 0 ? conversation.lastSeq() + 1 : first.seq();
        pending = first.seq() == 0 ? first.messageId() : null;
      }
    }
    return new Position.InConversation(
        read.slice().history(), conversation.epoch(), conversation.generation(), seq, pending);
  }
}
