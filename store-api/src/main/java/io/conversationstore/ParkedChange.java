package io.conversationstore;

import java.util.List;

/**
 * A change that the database refused for good, kept by this node until an operator decides: see
 * {@link StoreOperator#retryParked} and {@link StoreOperator#discardParked}.
 *
 * @param rejected which change, of whom, why and when
 * @param kind what it would do, in words
 * @param messages what it would append or save, with their content; empty for other changes
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
