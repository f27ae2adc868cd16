package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import io.conversationstore.Page;
import io.conversationstore.langchain4j.ChatHistory.Selection;
import java.util.ArrayList;
import java.util.List;

/**
 * How much of a conversation a window shows: the newest units that fit beside the system message,
 * and the newest unit in any case.
 */
interface WindowLimit {

  /** How many messages to read at once. */
  int pageSize();

  /** What the messages take, with what a request takes by itself. */
  long sizeOfRequest(List<ChatMessage> messages);

  /** What further messages take. */
  long sizeOf(List<ChatMessage> messages);

  long limit();

  /** Up to {@code count} messages, the system message included. */
  static WindowLimit messages(int count) {
    return new WindowLimit() {
      @Override
      public int pageSize() {
        // Some more, for messages that a window leaves out.
        return Math.min(Page.MAX_LIMIT, count + 8);
      }

      @Override
      public long sizeOfRequest(List<ChatMessage> messages) {
        return messages.size();
      }

      @Override
      public long sizeOf(List<ChatMessage> messages) {
        return messages.size();
      }

      @Override
      public long limit() {
        return count;
      }
    };
  }

  /** Up to {@code count} tokens by this estimate, the system message included. */
  static WindowLimit tokens(int count, TokenCountEstimator estimator, int pageSize) {
    return new WindowLimit() {
      @Override
      public int pageSize() {
        return pageSize;
      }

      @Override
      public long sizeOfRequest(List<ChatMessage> messages) {
        return estimator.estimateTokenCountInMessages(messages);
      }

      @Override
      public long sizeOf(List<ChatMessage> messages) {
        return messages.stream().mapToLong(estimator::estimateTokenCountInMessage).sum();
      }

      @Override
      public long limit() {
        return count;
      }
    };
  }

  /** The newest units of a view that fit. */
  default Selection select(View view) {
    List<List<Entry>> units = Units.of(view.entries().subList(view.loose(), view.entries().size()));
    if (units.isEmpty()) {
      return new Selection(List.of(), view.cut());
    }
    int first = units.size() - 1;
    List<ChatMessage> request = new ArrayList<>();
    if (view.system() != null) {
      request.add(view.system().message());
    }
    request.addAll(messagesOf(units.get(first)));
    long size = sizeOfRequest(request);
    boolean full = false;
    while (first > 0 && !full) {
      long more = sizeOf(messagesOf(units.get(first - 1)));
      full = size + more > limit();
      if (!full) {
        size += more;
        first--;
      }
    }
    List<Entry> entries = new ArrayList<>();
    units.subList(first, units.size()).forEach(entries::addAll);
    return new Selection(entries, !full && size < limit());
  }

  private static List<ChatMessage> messagesOf(List<Entry> unit) {
    return unit.stream().map(Entry::message).toList();
  }
}
