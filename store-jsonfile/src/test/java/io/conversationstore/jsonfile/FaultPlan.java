package io.conversationstore.jsonfile;

import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Which calls to a {@link MemoryFiles} fail, and at which call the power is lost. Calls are counted
 * from the time of planning, over all threads. Thread-safe.
 */
final class FaultPlan {

  /** The calls on files. */
  enum Call {
    LIST,
    CREATE,
    OPEN,
    RENAME,
    DELETE,
    FORCE_DIRECTORY,
    SIZE,
    READ,
    APPEND,
    RESERVE,
    TRUNCATE,
    OVERWRITE,
    FORCE;

    /** Whether it changes the files. */
    boolean changes() {
      return this != LIST && this != OPEN && this != SIZE && this != READ;
    }
  }

  /** How a call ends. */
  enum Outcome {
    DONE,
    /** An error; the call did nothing, or a part of its work if it has parts. */
    FAILED,
    /** The power is lost during the call: how much of it was done is unknown. */
    POWER_LOST,
    /** The power was lost before. */
    DEAD
  }

  private final Set<Call> failing = EnumSet.noneOf(Call.class);
  private final Map<Call, Integer> failingAt = new EnumMap<>(Call.class);
  private int untilCrash = Integer.MAX_VALUE;
  private boolean dead;
  private long calls;

  /** From now on calls of this kind fail, until {@link #heal()}. */
  synchronized void fail(Call call) {
    failing.add(call);
  }

  /** The {@code n}th call of this kind from now on fails, starting with 1; the others succeed. */
  synchronized void failNth(Call call, int n) {
    failingAt.put(call, n);
  }

  /** The power is lost during the call after {@code more} others. */
  synchronized void crashAfter(int more) {
    untilCrash = more;
  }

  /** The power is lost now. */
  synchronized void powerOff() {
    dead = true;
  }

  /** Cancels all plans. A lost power stays lost. */
  synchronized void heal() {
    failing.clear();
    failingAt.clear();
    untilCrash = Integer.MAX_VALUE;
  }

  synchronized boolean isDead() {
    return dead;
  }

  /** The number of calls so far. */
  synchronized long calls() {
    return calls;
  }

  synchronized Outcome next(Call call) {
    calls++;
    if (dead) {
      return Outcome.DEAD;
    }
    if (untilCrash-- <= 0) {
      dead = true;
      return Outcome.POWER_LOST;
    }
    Integer left = failingAt.computeIfPresent(call, (key, n) -> n - 1);
    if (left != null && left == 0) {
      failingAt.remove(call);
      return Outcome.FAILED;
    }
    return failing.contains(call) ? Outcome.FAILED : Outcome.DONE;
  }

  static IOException error(Call call, Outcome outcome) {
    return new IOException(call + (outcome == Outcome.FAILED ? " failed" : ": no power"));
  }
}
