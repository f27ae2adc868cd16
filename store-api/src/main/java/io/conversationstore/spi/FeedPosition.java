package io.conversationstore.spi;

/**
 * How far a feed was read, opaque.
 *
 * @param token made by the store; {@link #START} reads all
 */
public record FeedPosition(String token) {
  public static final FeedPosition START = new FeedPosition("");
}
