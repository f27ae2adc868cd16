package io.conversationstore.adk;

import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import java.util.List;
import java.util.function.Consumer;

/** Appends that can be repeated. */
final class Appends {

  private Appends() {}

  /**
   * Appends the messages. If other content is stored under their ids, because the application used
   * the id of an event twice, they are stored under ids that also follow from their content.
   */
  static void once(List<Message> messages, Consumer<List<Message>> append) {
    try {
      append.accept(messages);
    } catch (MessageConflictException idUsedTwice) {
      append.accept(EventMessages.underOtherIds(messages));
    }
  }
}
