package io.conversationstore.hybrid;

import java.util.EnumSet;
import java.util.Set;

/**
 * A step of a simulation.
 *
 * @param number its name, which stays when others are left out
 * @param at not before this time, in milliseconds; a client's steps follow one another
 * @param client of the node; each does one thing at a time
 * @param target the number of the step whose first message it is about
 * @param seed of what is drawn while it runs
 */
record SimStep(
    int number,
    long at,
    Kind kind,
    int node,
    int client,
    int owner,
    int conversation,
    int target,
    long seed) {

  /** What is done. */
  enum Kind {
    // By a client
    CREATE_IF_ABSENT,
    CREATE,
    APPEND,
    RETRY,
    /** The id of a message that is there perhaps, with another content. */
    CLASH,
    EDIT,
    DELETE_MESSAGE,
    RENAME,
    PREFER,
    DELETE,
    ERASE,
    SAVE,
    READ,
    WALK,
    /** The conversation becomes the owner's active one. */
    PREFER_CHAT,
    READ_PREFERENCES,
    /** An operator deletes messages that are older than a second or so. */
    RETAIN,
    /** An operator sends what is parked on the node again. */
    RETRY_PARKED,
    DISCARD_PARKED,
    // By the world
    CUT,
    HEAL,
    LOSE_REQUEST,
    LOSE_REPLY,
    DELAY_REQUEST,
    BUSY,
    HOLD_FEED,
    RELEASE_FEED,
    CRASH,
    DISK_FULL,
    DISK_OK,
    /** A node dies, and its copy is empty, or so old that it has to be made anew. */
    EVICT,
    /** A node dies, and starts again, as does a copy of its directory: once in a simulation. */
    CLONE,
    /** A node dies, and starts again with a copy of another size. */
    RELIMIT,
    /** A node dies, and starts again without the settings of its database. */
    UNCONFIGURE,
    /** A node dies, and starts again with the settings of its database. */
    CONFIGURE;

    /** Later than the seeds below {@link SimPlan#LATER}: they do what they did before. */
    private static final Set<Kind> LATER =
        EnumSet.of(
            PREFER_CHAT,
            READ_PREFERENCES,
            RETAIN,
            RETRY_PARKED,
            DISCARD_PARKED,
            RELIMIT,
            UNCONFIGURE,
            CONFIGURE);

    boolean isFault() {
      return compareTo(CUT) >= 0;
    }

    boolean isLater() {
      return LATER.contains(this);
    }
  }

  @Override
  public String toString() {
    String what = number + " at " + at + " ms: " + kind;
    if (kind == Kind.HOLD_FEED || kind == Kind.RELEASE_FEED) {
      return what;
    } else if (kind.isFault()) {
      return what + " node " + node;
    }
    String about =
        kind == Kind.ERASE || kind == Kind.PREFER || kind == Kind.READ_PREFERENCES
            ? ""
            : "/" + conversation;
    boolean aimed =
        kind == Kind.RETRY
            || kind == Kind.CLASH
            || kind == Kind.EDIT
            || kind == Kind.DELETE_MESSAGE;
    return what
        + " by "
        + node
        + "."
        + client
        + " on "
        + owner
        + about
        + (aimed ? " message of " + target : "");
  }
}
