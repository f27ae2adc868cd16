package io.conversationstore.examples.rag;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.rag.content.Content;
import java.util.ArrayList;
import java.util.List;

/** Asks a chat model. */
record ModelAnswerer(ChatModel chat, String model) implements Answerer {

  private static final SystemMessage TASK =
      SystemMessage.from(
          "You answer questions about the handbook of a coffee roastery. Use only the passages"
              + " that are given with the question. If they do not have the answer, say so.");

  @Override
  public String answer(
      List<ChatMessage> history, String question, UserMessage prompt, List<Content> passages) {
    List<ChatMessage> messages = new ArrayList<>();
    messages.add(TASK);
    messages.addAll(history);
    messages.add(prompt);
    return chat.chat(messages).aiMessage().text();
  }
}
