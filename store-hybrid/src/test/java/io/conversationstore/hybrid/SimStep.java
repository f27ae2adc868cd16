package io.conversationstore.hybrid;

import java.util.EnumSet;
import java.util.Set;

/**
 * A step of a simulation.
 *
 * @param number its identifier, kept when other steps are removed
 * @param at earliest start in milliseconds; a client's steps run in sequence
 * @param client of the node; each does one thing at a time
 * @param target the number of the step whose first message it affects
 * @param seed for random choices during the step
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

  /** The action. */
  enum Kind {
    // By clients
    CREATE_IF_ABSENT,
    CREATE,
    APPEND,
    RETRY,
    /** Uses the id of a message that may exist, with other content. */
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
    /** An operator deletes messages older than about a second. */
    RETAIN,
    /** An operator retries the changes parked on the node. */
    RETRY_PARKED,
    DISCARD_PARKED,
    /** An append that creates the conversation if there is none. */
    GROW,
    // External events
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
    /** A node dies, and its copy is empty, or so old that it must be rebuilt. */
    EVICT,
    /** A node dies and restarts, as does a copy of its directory: once per simulation. */
    CLONE,
    /** A node dies and restarts with a copy of another size. */
    RELIMIT,
    /** A node dies and restarts without the settings of its database. */
    UNCONFIGURE,
    /** A node dies, and starts again with the settings of its database. */
    CONFIGURE,
    /** The files of the database are copied. */
    BACKUP,
    /** A copy of the database is put back. */
    RESTORE;

    /** Kinds only from {@link SimPlan#LATER} on: lower seeds stay unchanged. */
    private static final Set<Kind> LATER =
        EnumSet.of(
            PREFER_CHAT,
            READ_PREFERENCES,
            RETAIN,
            RETRY_PARKED,
            DISCARD_PARKED,
            GROW,
            RELIMIT,
            UNCONFIGURE,
            CONFIGURE,
            BACKUP,
            RESTORE);

    /** Whether a call writes new messages. */
    boolean isAppend() {
      return this == APPEND || this == GROW;
    }

    /** Whether a call creates its conversation, with nothing else or with messages of its own. */
    boolean isCreate() {
      return this == CREATE || this == CREATE_IF_ABSENT || this == GROW;
    }

    boolean isFault() {
      return compareTo(CUT) >= 0;
    }

    boolean isLater() {
      return LATER.contains(this);
    }
  }

  /** The same step of another kind. */
  SimStep as(Kind newKind) {
    return new SimStep(number, at, newKind, node, client, owner, conversation, target, seed);
  }

  @Override
  public String toString() {
    String what = number + " at " + at + " ms: " + kind;
    if (kind == Kind.HOLD_FEED
        || kind == Kind.RELEASE_FEED
        || kind == Kind.BACKUP
        || kind == Kind.RESTORE) {
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
