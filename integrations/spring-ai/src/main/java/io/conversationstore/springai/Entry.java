package io.conversationstore.springai;

import io.conversationstore.StoredMessage;
import java.util.List;
import java.util.UUID;
import org.springframework.ai.chat.messages.Message;

/**
 * A message of Spring AI and what is stored of it.
 *
 * @param stored one stored message, or one for each of several tool results
 */
record Entry(Message message, List<StoredMessage> stored) {

  List<UUID> ids() {
    return stored.stream().map(StoredMessage::id).toList();
  }
}
