package io.conversationstore;

import java.util.List;

/**
 * A change that the database rejected permanently. This node keeps it until an operator decides:
 * see {@link StoreOperator#retryParked} and {@link StoreOperator#discardParked}.
 *
 * @param rejected the change, its owner, the reason and the time
 * @param kind the effect of the change, in words
 * @param messages the messages to append or save, with content; empty for other changes
 */
public record ParkedChange(StoreState.Rejected rejected, String kind, List<Message> messages) {

  public ParkedChange {
    messages = List.copyOf(messages);
  }

  /** Without content. */
  @Override
  public String toString() {
    return "ParkedChange[" + rejected + ", " + kind + ", " + messages.size() + " messages]";
  }
}
