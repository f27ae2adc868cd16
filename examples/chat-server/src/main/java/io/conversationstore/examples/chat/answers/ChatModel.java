package io.conversationstore.examples.chat.answers;

import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes answers. Called by several threads at once. */
public interface ChatModel {

  /**
   * Answers the last message, a piece at a time.
   *
   * @param history the conversation, oldest first; the question is its last message
   * @return the usage, or null if it is unknown
   * @throws IOException if the answer broke off
   */
  @Nullable TokenUsage answer(List<StoredMessage> history, Output output)
      throws IOException, InterruptedException;

  /** The name that is stored with each answer. */
  String name();

  /** Takes the answer. */
  interface Output {

    /** Takes messages that come before the text, such as a tool call and its result. */
    void before(List<Message> messages);

    /**
     * Takes the next piece of the text.
     *
     * @return false if nobody wants the rest
     */
    boolean text(String piece);
  }
}
