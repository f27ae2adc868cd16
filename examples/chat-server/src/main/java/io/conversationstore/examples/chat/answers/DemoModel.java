package io.conversationstore.examples.chat.answers;

import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Answers by itself, without a model, and says so. It repeats the question, counts words with a
 * tool when it is asked to, and shows the Markdown that the page can draw.
 */
public final class DemoModel implements ChatModel {

  private static final String TOOL = "count_words";
  private static final Pattern BETWEEN_WORDS = Pattern.compile("(?<=\\s)(?=\\S)");

  private final long pauseNanos;

  /** A model that makes so many words in a second; 0 for no pauses. */
  public DemoModel(int wordsPerSecond) {
    this.pauseNanos = wordsPerSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / wordsPerSecond;
  }

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public TokenUsage answer(List<StoredMessage> history, Output output) throws InterruptedException {
    String question = history.get(history.size() - 1).text();
    StringBuilder text = new StringBuilder();
    if (question.toLowerCase(Locale.ROOT).contains("count")) {
      String words = String.valueOf(words(question));
      String call = "call_" + history.size();
      output.before(
          List.of(
              Message.calling(ToolCall.function(call, TOOL, "{\"text\":\"the question\"}")),
              Message.toolResult(call, TOOL, words)));
      text.append("Your question has **").append(words).append("** words.\n\n");
    }
    text.append(reply(question, history.size()));
    int made = 0;
    for (String word : BETWEEN_WORDS.split(text)) {
      made++;
      if (!output.text(word)) {
        break;
      }
      TimeUnit.NANOSECONDS.sleep(pauseNanos);
    }
    int read = history.stream().mapToInt(message -> words(message.text())).sum();
    return TokenUsage.of(read, made);
  }

  private static String reply(String question, int messages) {
    return """
        I am a demo, not a language model: no endpoint is configured. You wrote:

        > %s

        Messages before this answer: %d. What is stored here:

        - each message **once**, in its place
        - this answer while it *grows*, so a reload shows it

        ```java
        store.append(owner, conversation, Message.user("…"));
        ```
        """
        .formatted(question.strip().replaceAll("\\R", "\n> "), messages);
  }

  private static int words(String text) {
    return text.isBlank() ? 0 : BETWEEN_WORDS.split(text.strip()).length;
  }
}
