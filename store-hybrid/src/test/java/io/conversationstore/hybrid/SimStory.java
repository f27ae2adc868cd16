package io.conversationstore.hybrid;

import io.conversationstore.hybrid.SimStep.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Steps that lead to situations rarely reached at random. They are mixed into a plan, whose other
 * steps happen before, between and after them. Used for one plan.
 */
final class SimStory {

  private static final int LONGEST_PAUSE = 400;
  private static final int LONG_PAUSE = 2_000;

  private final SplittableRandom random;
  private final List<SimStep> steps = new ArrayList<>();
  private final int first;
  private final int clients;
  private final int conversation;
  private final int node;
  private final int other;
  private long at;

  private SimStory(SplittableRandom random, int first, long start, int clients, int conversation) {
    this.random = random;
    this.first = first;
    this.at = start;
    this.clients = clients;
    this.conversation = conversation;
    this.node = random.nextInt(SimPlan.NODES);
    this.other = (node + 1 + random.nextInt(SimPlan.NODES - 1)) % SimPlan.NODES;
  }

  /**
   * One of the stories, on a conversation of the first owner.
   *
   * @param first the number of its first step
   * @param start when it begins, in milliseconds
   * @param clients of a node
   */
  static List<SimStep> of(
      SplittableRandom random, int first, long start, int clients, int conversation) {
    SimStory story = new SimStory(random, first, start, clients, conversation);
    switch (random.nextInt(6)) {
      case 0 -> story.sameId();
      case 1 -> story.late();
      case 2 -> story.changedBeforeTheRetry();
      case 3 -> story.cursor();
      case 4 -> story.evicted();
      default -> story.cloned();
    }
    return story.steps;
  }

  /** One of the stories used only by seeds from {@link SimPlan#LATER} on. */
  static List<SimStep> later(
      SplittableRandom random, int first, long start, int clients, int conversation) {
    SimStory story = new SimStory(random, first, start, clients, conversation);
    switch (random.nextInt(6)) {
      case 0, 1 -> story.parked();
      case 2 -> story.retained();
      case 3 -> story.erased();
      case 4 -> story.resized();
      default -> story.preferred();
    }
    return story.steps;
  }

  /** One of the stories used only by seeds from {@link SimPlan#GROWN} on. */
  static List<SimStep> grown(
      SplittableRandom random, int first, long start, int clients, int conversation) {
    SimStory story = new SimStory(random, first, start, clients, conversation);
    if (random.nextInt(3) == 0) {
      story.begunByTwo();
    } else {
      story.begunWithoutAnswer();
    }
    return story.steps;
  }

  /** Two nodes begin one conversation without the database; one deletes it. */
  private void begunByTwo() {
    then(Kind.CUT, node);
    then(Kind.CUT, other);
    then(Kind.GROW, node);
    int message = then(Kind.GROW, other);
    then(random.nextBoolean() ? Kind.EDIT : Kind.GROW, other, message);
    then(Kind.HEAL, node);
    if (random.nextBoolean()) {
      then(random.nextInt(3) == 0 ? Kind.ERASE : Kind.DELETE, node);
      then(Kind.GROW, node);
    }
    then(Kind.HEAL, other);
  }

  /** The answer to an append is lost; meanwhile another node ends the conversation. */
  private void begunWithoutAnswer() {
    if (random.nextBoolean()) {
      then(Kind.GROW, other);
    }
    then(random.nextInt(3) == 0 ? Kind.DELAY_REQUEST : Kind.LOSE_REPLY, node);
    then(Kind.GROW, node);
    if (random.nextBoolean()) {
      then(Kind.CUT, node);
    }
    then(random.nextInt(4) == 0 ? Kind.ERASE : Kind.DELETE, other);
    if (random.nextBoolean()) {
      then(Kind.GROW, other);
    }
    if (random.nextBoolean()) {
      then(Kind.GROW, node);
    }
    then(Kind.HEAL, node);
  }

  private int then(Kind kind, int on, int target) {
    at += random.nextInt(LONGEST_PAUSE);
    int number = first + steps.size();
    int client = random.nextInt(clients);
    steps.add(
        new SimStep(number, at, kind, on, client, 0, conversation, target, random.nextLong()));
    return number;
  }

  private int then(Kind kind, int on) {
    return then(kind, on, 0);
  }

  private void sameId() {
    then(Kind.CUT, node);
    then(Kind.CUT, other);
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.CREATE_IF_ABSENT, other);
    then(Kind.APPEND, node);
    then(Kind.APPEND, other);
    then(Kind.HEAL, node);
    then(Kind.HEAL, other);
  }

  private void late() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.READ, other);
    then(Kind.CUT, node);
    then(Kind.APPEND, node);
    then(Kind.DELETE, other);
    then(Kind.CREATE_IF_ABSENT, other);
    then(Kind.APPEND, other);
    then(Kind.HEAL, node);
  }

  private void changedBeforeTheRetry() {
    then(Kind.CREATE_IF_ABSENT, node);
    int message = then(Kind.APPEND, node);
    then(Kind.READ, other);
    then(Kind.LOSE_REPLY, other);
    then(Kind.EDIT, other, message);
    then(random.nextBoolean() ? Kind.EDIT : Kind.DELETE_MESSAGE, node, message);
  }

  private void cursor() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.CUT, node);
    for (int i = 0; i < 4; i++) {
      then(Kind.APPEND, node);
    }
    then(Kind.WALK, node);
    then(Kind.HEAL, node);
    then(Kind.APPEND, other);
  }

  private void evicted() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.READ, node);
    then(Kind.CUT, node);
    then(Kind.APPEND, node);
    then(Kind.EVICT, node);
    then(Kind.APPEND, other);
    then(Kind.READ, node);
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.APPEND, node);
    then(Kind.READ, node);
    then(Kind.HEAL, node);
  }

  private void parked() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.READ, other);
    then(Kind.CUT, other);
    int message = then(Kind.APPEND, node);
    then(Kind.CLASH, other, message);
    then(Kind.APPEND, other);
    then(Kind.HEAL, other);
    at += LONG_PAUSE;
    if (random.nextInt(3) == 0) {
      then(Kind.ERASE, node);
    } else {
      then(random.nextBoolean() ? Kind.RETRY_PARKED : Kind.DISCARD_PARKED, other);
    }
    then(Kind.READ, other);
    at += LONG_PAUSE;
    then(random.nextBoolean() ? Kind.RETRY_PARKED : Kind.DISCARD_PARKED, other);
  }

  private void retained() {
    then(Kind.CREATE_IF_ABSENT, node);
    int message = then(Kind.APPEND, node);
    then(Kind.READ, other);
    then(Kind.CUT, other);
    then(Kind.EDIT, other, message);
    then(Kind.APPEND, other);
    at += LONG_PAUSE;
    then(Kind.RETAIN, node);
    then(Kind.READ, other);
    then(Kind.HEAL, other);
    then(Kind.APPEND, node);
  }

  private void erased() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.APPEND, node);
    then(Kind.READ, other);
    then(Kind.CUT, other);
    int message = then(Kind.APPEND, other);
    then(Kind.ERASE, random.nextInt(3) == 0 ? other : node);
    then(Kind.CREATE_IF_ABSENT, other);
    then(Kind.EDIT, other, message);
    then(Kind.APPEND, other);
    if (random.nextBoolean()) {
      then(Kind.CRASH, other);
      at += LONG_PAUSE;
    }
    then(Kind.HEAL, other);
  }

  private void resized() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.APPEND, node);
    then(Kind.APPEND, other);
    then(Kind.RELIMIT, node);
    at += LONG_PAUSE;
    then(Kind.READ, node);
    then(Kind.CUT, node);
    then(Kind.APPEND, node);
    then(Kind.READ, node);
    then(Kind.RELIMIT, node);
    at += LONG_PAUSE;
    then(Kind.READ, node);
    then(Kind.HEAL, node);
  }

  private void preferred() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.PREFER_CHAT, node);
    then(Kind.READ_PREFERENCES, node);
    then(Kind.CUT, other);
    then(random.nextBoolean() ? Kind.PREFER : Kind.PREFER_CHAT, other);
    then(Kind.READ_PREFERENCES, other);
    then(Kind.DELETE, random.nextBoolean() ? node : other);
    then(Kind.READ_PREFERENCES, other);
    then(Kind.HEAL, other);
    at += LONG_PAUSE;
    then(Kind.READ_PREFERENCES, other);
  }

  private void cloned() {
    then(Kind.CREATE_IF_ABSENT, node);
    then(Kind.CUT, node);
    then(Kind.APPEND, node);
    then(Kind.CLONE, node);
    then(Kind.APPEND, node);
    then(Kind.APPEND, SimPlan.NODES);
    then(Kind.READ, SimPlan.NODES);
    then(Kind.HEAL, node);
  }
}
