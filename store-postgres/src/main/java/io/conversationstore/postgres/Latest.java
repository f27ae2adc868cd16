package io.conversationstore.postgres;

import io.conversationstore.spi.State;
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
    Map<Object, State> latest = new LinkedHashMap<>();
    for (State state : states) {
      latest.put(key(state), state);
    }
    return new ArrayList<>(latest.values());
  }

  /** The same message of two generations is two rows. */
  private static Object key(State state) {
    return state instanceof MessageState message
        ? List.of(message.key(), message.generation())
        : state.key();
  }
}
