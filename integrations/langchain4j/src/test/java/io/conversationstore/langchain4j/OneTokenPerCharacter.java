package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.TokenCountEstimator;

/** Counts the characters of texts, and three tokens for a request by itself. */
final class OneTokenPerCharacter implements TokenCountEstimator {

  @Override
  public int estimateTokenCountInText(String text) {
    return text.length();
  }

  @Override
  public int estimateTokenCountInMessage(ChatMessage message) {
    if (message instanceof SystemMessage system) {
      return system.text().length();
    }
    return message instanceof UserMessage user
        ? user.singleText().length()
        : ((AiMessage) message).text().length();
  }

  @Override
  public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
    int count = 3;
    for (ChatMessage message : messages) {
      count += estimateTokenCountInMessage(message);
    }
    return count;
  }
}
