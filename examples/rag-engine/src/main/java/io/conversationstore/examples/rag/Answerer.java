package io.conversationstore.examples.rag;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.rag.content.Content;
import java.util.List;

/** Makes an answer of a question and the passages that were found for it. */
interface Answerer {

  /**
   * Answers.
   *
   * @param history the messages before the question, oldest first
   * @param question as the user asked it
   * @param prompt the question with the passages
   * @param passages best first
   */
  String answer(
      List<ChatMessage> history, String question, UserMessage prompt, List<Content> passages);

  /** The name of the model, stored with each answer. */
  String model();
}
