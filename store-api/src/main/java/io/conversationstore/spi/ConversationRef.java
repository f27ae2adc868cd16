package io.conversationstore.spi;

/**
 * A conversation that a change is about.
 *
 * @param generation the one the node knew; {@link #LIVE} for the live one when the change is
 *     applied
 */
public record ConversationRef(String id, long generation) {

  /** Stands for "whichever generation is live when the change is applied". */
  public static final long LIVE = 0;

  public static ConversationRef live(String id) {
    return new ConversationRef(id, LIVE);
  }
}
