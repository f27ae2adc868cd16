package io.conversationstore.examples.quickstart;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Page;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What one place holds, against the input, message by message.
 *
 * @param messages found
 * @param lost in the input, not found
 * @param doubled found more than once, or not in the input at all
 * @param reordered not in the place that the input says
 * @param different found with other content
 */
record Comparison(
    String place,
    int conversations,
    long messages,
    long lost,
    long doubled,
    long reordered,
    long different) {

  boolean isPerfect() {
    return lost == 0 && doubled == 0 && reordered == 0 && different == 0;
  }

  /** Reads every conversation to its end. */
  static Comparison of(String place, StoreEngine engine, List<Input.Chat> chats) {
    Comparison sum = new Comparison(place, 0, 0, 0, 0, 0, 0);
    for (Input.Chat chat : chats) {
      sum = sum.plus(of(place, chat, read(engine, chat)));
    }
    return sum;
  }

  private static List<MessageState> read(StoreEngine engine, Input.Chat chat) {
    List<MessageState> all = new ArrayList<>();
    Position.@Nullable InConversation from = null;
    boolean more = true;
    while (more) {
      MessageSlice page;
      try {
        page = engine.messages(chat.owner(), chat.id(), Direction.FORWARD, from, Page.MAX_LIMIT);
      } catch (ConversationNotFoundException missing) {
        return all;
      }
      all.addAll(page.slice().items());
      more = page.slice().more() && !page.slice().items().isEmpty();
      if (more) {
        MessageState last = all.get(all.size() - 1);
        from =
            new Position.InConversation(
                page.slice().history(), last.epoch(), last.generation(), last.seq(), null);
      }
    }
    return all;
  }

  private static Comparison of(String place, Input.Chat chat, List<MessageState> found) {
    Map<UUID, String> expected = new HashMap<>();
    List<UUID> order = new ArrayList<>();
    for (Message message : chat.messages()) {
      UUID id = message.id();
      if (id != null) {
        expected.put(id, ModelJson.digest(message));
        order.add(id);
      }
    }
    Set<UUID> seen = new HashSet<>();
    List<UUID> foundOrder = new ArrayList<>();
    long doubled = 0;
    long different = 0;
    for (MessageState state : found) {
      String digest = expected.get(state.messageId());
      if (digest == null || !seen.add(state.messageId())) {
        doubled++;
        continue;
      }
      foundOrder.add(state.messageId());
      // The digest of what was read, not the one that is stored beside it.
      if (!digest.equals(ModelJson.digest(state.requireLive().message()))) {
        different++;
      }
    }
    order.removeIf(id -> !seen.contains(id));
    long reordered = 0;
    for (int i = 0; i < order.size(); i++) {
      if (!order.get(i).equals(foundOrder.get(i))) {
        reordered++;
      }
    }
    return new Comparison(
        place,
        found.isEmpty() ? 0 : 1,
        found.size(),
        expected.size() - seen.size(),
        doubled,
        reordered,
        different);
  }

  private Comparison plus(Comparison other) {
    return new Comparison(
        place,
        conversations + other.conversations,
        messages + other.messages,
        lost + other.lost,
        doubled + other.doubled,
        reordered + other.reordered,
        different + other.different);
  }
}
