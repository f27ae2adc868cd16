package io.conversationstore.spi;

/**
 * The conversation of a change.
 *
 * @param generation the generation known to the node; {@link #LIVE} for the one live when the
 *     change is applied
 */
public record ConversationRef(String id, long generation) {

  /** Stands for "whichever generation is live when the change is applied". */
  public static final long LIVE = 0;

  public static ConversationRef live(String id) {
    return new ConversationRef(id, LIVE);
  }
}
