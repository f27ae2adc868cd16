package io.conversationstore.spi;

/**
 * A position in a feed, opaque.
 *
 * @param token made by the store; {@link #START} reads the whole feed
 */
public record FeedPosition(String token) {
  public static final FeedPosition START = new FeedPosition("");
}
