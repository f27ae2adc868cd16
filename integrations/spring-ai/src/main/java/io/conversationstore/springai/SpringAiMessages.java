package io.conversationstore.springai;

import io.conversationstore.StoredMessage;
import java.util.List;
import org.springframework.ai.chat.messages.Message;

/**
 * Messages of Spring AI and of the store, for applications that read or write a history directly,
 * for instance to show all of it. Pure functions.
 */
public final class SpringAiMessages {

  private SpringAiMessages() {}

  /**
   * Stored messages as messages of Spring AI.
   *
   * @param stored messages that follow each other in one conversation, such as a page. If it begins
   *     or ends between the results of one tool message, that message has the results that are
   *     there
   */
  public static List<Message> fromStore(List<StoredMessage> stored) {
    return MessageCodec.decode(stored).stream().map(Entry::message).toList();
  }

  /**
   * A message of Spring AI as one message to store, or one for each of several tool results,
   * without ids. Append them in one call.
   *
   * @throws IllegalArgumentException if the metadata holds an object without a JSON form; the error
   *     names its key and class
   */
  public static List<io.conversationstore.Message> toStore(Message message) {
    return MessageCodec.encode(message);
  }
}
