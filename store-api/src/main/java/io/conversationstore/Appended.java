package io.conversationstore;

import java.util.List;

/**
 * The result of an append that may create its conversation.
 *
 * @param conversation the conversation after the append
 * @param messages the messages of the turn as stored, in its order, without those deleted since
 * @param created whether this call created the conversation; for a pending change, as far as this
 *     node knows: the database may have one, which the append then joins
 * @param changed whether this call changed anything; false if the whole turn was stored before
 */
public record Appended(
    Conversation conversation, List<StoredMessage> messages, boolean created, boolean changed) {
  public Appended {
    messages = List.copyOf(messages);
  }
}
