package io.conversationstore.examples.chat;

import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.examples.chat.answers.ChatModel;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Answers with the pieces that a test gives it, when the test gives them. */
final class StepModel implements ChatModel {

  private static final String END = "";

  private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();

  void say(String piece) {
    pieces.add(piece);
  }

  void end() {
    pieces.add(END);
  }

  @Override
  public TokenUsage answer(List<StoredMessage> history, Output output) throws InterruptedException {
    String piece = "the model begins. ";
    int made = 0;
    while (!END.equals(piece) && output.text(piece)) {
      made++;
      String next = pieces.poll(60, TimeUnit.SECONDS);
      if (next == null) {
        throw new IllegalStateException("the test gave no piece in a minute");
      }
      piece = next;
    }
    return TokenUsage.of(history.size(), made);
  }

  @Override
  public String name() {
    return "steps";
  }
}
