package io.conversationstore.postgres;

import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps the latest of several states of one row from the steps of a bulk. */
final class Latest {

  private Latest() {}

  /** One state per row, conversations at the place of their first state. */
  static List<State> of(List<State> states) {
    Map<List<Object>, State> latest = new LinkedHashMap<>();
    for (State state : states) {
      latest.put(key(state), state);
    }
    return new ArrayList<>(latest.values());
  }

  private static List<Object> key(State state) {
    if (state instanceof ConversationState conversation) {
      return List.of("conversation", conversation.owner(), conversation.id());
    } else if (state instanceof MessageState message) {
      return List.of(
          "message",
          message.owner(),
          message.conversationId(),
          message.generation(),
          message.messageId());
    }
    return List.of(state.getClass(), state.owner());
  }
}
