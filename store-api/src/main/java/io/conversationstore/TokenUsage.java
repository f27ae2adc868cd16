package io.conversationstore;

/**
 * Tokens that a model call used, as its provider reported them; {@code total} need not be the sum
 * (some providers count cached or reasoning tokens apart).
 */
public record TokenUsage(long promptTokens, long completionTokens, long totalTokens) {

  public static final TokenUsage NONE = new TokenUsage(0, 0, 0);

  public TokenUsage {
    if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0) {
      throw new IllegalArgumentException("token counts must not be negative");
    }
  }

  /** Usage whose total is the sum of prompt and completion. */
  public static TokenUsage of(long promptTokens, long completionTokens) {
    return new TokenUsage(
        promptTokens, completionTokens, Math.addExact(promptTokens, completionTokens));
  }

  /** The sum, part by part. */
  public TokenUsage plus(TokenUsage other) {
    return new TokenUsage(
        Math.addExact(promptTokens, other.promptTokens),
        Math.addExact(completionTokens, other.completionTokens),
        Math.addExact(totalTokens, other.totalTokens));
  }

  /** The difference, part by part, never below zero. */
  public TokenUsage minus(TokenUsage other) {
    return new TokenUsage(
        Math.max(0, promptTokens - other.promptTokens),
        Math.max(0, completionTokens - other.completionTokens),
        Math.max(0, totalTokens - other.totalTokens));
  }
}
