package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;

/** Counts messages, so that a window by tokens is one by messages. */
final class OneTokenEach implements TokenCountEstimator {

  @Override
  public int estimateTokenCountInText(String text) {
    return 1;
  }

  @Override
  public int estimateTokenCountInMessage(ChatMessage message) {
    return 1;
  }

  @Override
  public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
    int count = 0;
    for (ChatMessage message : messages) {
      count += estimateTokenCountInMessage(message);
    }
    return count;
  }
}
