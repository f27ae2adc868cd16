package io.conversationstore;

/**
 * Tokens that a model call used, as its provider reported them; {@code total} may differ from the
 * sum (some providers count cached or reasoning tokens separately).
 */
public record TokenUsage(long promptTokens, long completionTokens, long totalTokens) {

  public static final TokenUsage NONE = new TokenUsage(0, 0, 0);

  /**
   * The largest count of one kind of tokens in one message: 10^12. The sum over a conversation fits
   * into a {@code long} for up to nine million such messages.
   */
  public static final long MAX_PER_MESSAGE = 1_000_000_000_000L;

  public TokenUsage {
    if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0) {
      throw new IllegalArgumentException("token counts must not be negative");
    }
  }

  /** Usage whose total is the sum of prompt and completion. */
  public static TokenUsage of(long promptTokens, long completionTokens) {
    return new TokenUsage(
        promptTokens,
        completionTokens,
        sum("promptTokens and completionTokens", promptTokens, completionTokens));
  }

  /**
   * Checks the counts of one message.
   *
   * @throws IllegalArgumentException if a count is too large; names the count
   */
  void requireOfOneMessage() {
    requireOfOneMessage("usage.promptTokens", promptTokens);
    requireOfOneMessage("usage.completionTokens", completionTokens);
    requireOfOneMessage("usage.totalTokens", totalTokens);
  }

  private static void requireOfOneMessage(String what, long tokens) {
    if (tokens > MAX_PER_MESSAGE) {
      throw new IllegalArgumentException(
          what + " must be at most " + MAX_PER_MESSAGE + ", but was " + tokens);
    }
  }

  private static long sum(String what, long one, long other) {
    long sum = one + other;
    if (sum < 0) {
      // Both are at least 0, so a negative sum is an overflow.
      throw new IllegalArgumentException("the sum of " + what + " exceeds the range of a long");
    }
    return sum;
  }

  /**
   * The sum, part by part.
   *
   * @throws IllegalArgumentException if a {@code long} cannot hold a sum; names the part
   */
  public TokenUsage plus(TokenUsage other) {
    return new TokenUsage(
        sum("promptTokens", promptTokens, other.promptTokens),
        sum("completionTokens", completionTokens, other.completionTokens),
        sum("totalTokens", totalTokens, other.totalTokens));
  }

  /** The difference, part by part, never below zero. */
  public TokenUsage minus(TokenUsage other) {
    return new TokenUsage(
        Math.max(0, promptTokens - other.promptTokens),
        Math.max(0, completionTokens - other.completionTokens),
        Math.max(0, totalTokens - other.totalTokens));
  }
}
