package io.conversationstore.spi;

/**
 * The conversation of a change.
 *
 * @param generation the generation known to the node; {@link #LIVE} for the one live when the
 *     change is applied; less, in a local queue only, as in {@link #following}
 */
public record ConversationRef(String id, long generation) {

  /** Stands for "whichever generation is live when the change is applied". */
  public static final long LIVE = 0;

  /**
   * Stands, in a change queued behind a create, for the generation in which that create lands, but
   * no earlier one than the node showed when it queued the change.
   *
   * @param shown the generation that was live in the local copy; {@link #LIVE} if none was
   */
  public static long following(long shown) {
    return -shown;
  }

  /** Whether a generation is still to be found: {@link #LIVE}, or as in {@link #following}. */
  public static boolean isOpen(long generation) {
    return generation <= LIVE;
  }

  /** The generation that {@link #following} was given; {@link #LIVE} for any other. */
  public static long shown(long generation) {
    return Math.max(LIVE, -generation);
  }

  public static ConversationRef live(String id) {
    return new ConversationRef(id, LIVE);
  }
}
