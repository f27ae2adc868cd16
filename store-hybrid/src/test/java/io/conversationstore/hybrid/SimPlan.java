package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.hybrid.SimStep.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The events of a simulation, from one seed. The kinds of steps, and the number of each, differ
 * from seed to seed: kinds absent in one leave room for the rest.
 *
 * @param skews of the nodes' clocks
 * @param limits of the nodes' copies
 * @param alone nodes that begin without the settings of the database
 * @param flaky how many of a hundred database calls get lost
 */
record SimPlan(
    long seed,
    List<Duration> skews,
    Duration mirrorInterval,
    int drainBatch,
    int feedPage,
    List<CopyLimits> limits,
    Set<Integer> alone,
    int flaky,
    List<SimStep> steps) {

  static final int NODES = 3;
  static final int OWNERS = 2;
  static final int CONVERSATIONS = 3;

  /**
   * From this seed on, more kinds of steps are mixed in. Lower seeds stay unchanged, so that those
   * that failed before still show the same.
   */
  static final long LATER = 1_000_000;

  /** From this seed on, nodes lack the settings of the database for some time. */
  static final long ADOPTING = 1_000_000_000_000_000L;

  /** From this seed on, older copies of the database are put back. */
  static final long RESTORING = 2_000_000_000_000_000L;

  /**
   * From this seed on, appends create their conversations, and in every second of these seeds nodes
   * lack the settings of the database for some time.
   */
  static final long GROWN = 3_000_000_000_000_000L;

  /** From this seed on, older copies of the database are put back as well. */
  static final long GROWN_RESTORING = 3_500_000_000_000_000L;

  private static final int MOST_LATER = 4;

  SimPlan {
    skews = List.copyOf(skews);
    limits = List.copyOf(limits);
    alone = Set.copyOf(alone);
    steps = List.copyOf(steps);
  }

  /** A plan in which all nodes have the settings of the database from the beginning. */
  SimPlan(
      long seed,
      List<Duration> skews,
      Duration mirrorInterval,
      int drainBatch,
      int feedPage,
      List<CopyLimits> limits,
      int flaky,
      List<SimStep> steps) {
    this(seed, skews, mirrorInterval, drainBatch, feedPage, limits, Set.of(), flaky, steps);
  }

  SimPlan with(List<SimStep> newSteps) {
    return new SimPlan(
        seed, skews, mirrorInterval, drainBatch, feedPage, limits, alone, flaky, newSteps);
  }

  /** The node whose directory is copied; -1 if none is. */
  int cloned() {
    return steps.stream()
        .filter(step -> step.kind() == Kind.CLONE)
        .mapToInt(SimStep::node)
        .findFirst()
        .orElse(-1);
  }

  /** A node's clock deviation; a copy has that of its original. */
  Duration skew(int node) {
    return skews.get(origin(node));
  }

  /** How much of the database a node's copy holds; a copied directory keeps its limits. */
  CopyLimits limits(int node) {
    return limits.get(origin(node));
  }

  /** The planned node that a later one continues: the copied one, or else the first. */
  private int origin(int node) {
    return node < NODES ? node : Math.max(0, cloned());
  }

  static SimPlan of(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Duration> skews = new ArrayList<>();
    for (int node = 0; node < NODES; node++) {
      skews.add(skew(random));
    }
    SimPlan plan =
        new SimPlan(
            seed,
            skews,
            Duration.ofMillis(50L + random.nextInt(3) * 400),
            1 + random.nextInt(6),
            1 + random.nextInt(12),
            limits(new SplittableRandom(~seed)),
            random.nextInt(3) * random.nextInt(6),
            seed < LATER
                ? steps(random)
                : withLater(steps(random), new SplittableRandom(seed + 1)));
    if (isAdopting(seed)) {
      plan = plan.adopting(new SplittableRandom(seed + 2));
    }
    if (isRestoring(seed)) {
      plan = plan.restoring(new SplittableRandom(seed + 3));
    }
    return seed < GROWN ? plan : plan.growing(new SplittableRandom(seed + 4));
  }

  static boolean isAdopting(long seed) {
    return seed < GROWN ? seed >= ADOPTING : seed % 2 == 0;
  }

  static boolean isRestoring(long seed) {
    return seed < GROWN ? seed >= RESTORING : seed >= GROWN_RESTORING;
  }

  /**
   * Some appends create their conversations, some creates bring messages, and some conversations
   * begin while answers are lost and others delete them.
   */
  private SimPlan growing(SplittableRandom random) {
    int appends = 1 + random.nextInt(4);
    int creates = random.nextInt(4);
    List<SimStep> all = new ArrayList<>();
    for (SimStep step : steps) {
      boolean grows =
          (step.kind() == Kind.APPEND && random.nextInt(4) < appends)
              || (step.kind() == Kind.CREATE_IF_ABSENT && random.nextInt(4) < creates);
      all.add(grows ? step.as(Kind.GROW) : step);
    }
    int number = steps.stream().mapToInt(SimStep::number).max().orElse(0) + 1;
    long end = steps.stream().mapToLong(SimStep::at).max().orElse(0);
    for (int i = random.nextInt(3); i > 0; i--) {
      List<SimStep> story =
          SimStory.grown(
              random, number, random.nextLong(end + 1), 2, random.nextInt(CONVERSATIONS));
      all.addAll(story);
      number += story.size();
    }
    all.sort(Comparator.comparingLong(SimStep::at));
    return new SimPlan(
        seed, skews, mirrorInterval, drainBatch, feedPage, limits, alone, flaky, all);
  }

  /**
   * An older copy of the database is put back, often twice in short order, and in many seeds while
   * a transaction holds the feed back. Clients write before and in between.
   */
  private SimPlan restoring(SplittableRandom random) {
    List<SimStep> all = new ArrayList<>(steps);
    int number = steps.stream().mapToInt(SimStep::number).max().orElse(0) + 1;
    long at = random.nextLong(steps.stream().mapToLong(SimStep::at).max().orElse(0) + 1);
    int rounds = 1 + random.nextInt(3);
    int holds = random.nextInt(6);
    if (holds == 0) {
      all.add(step(random, number++, at, Kind.HOLD_FEED, 0, all));
    }
    all.add(step(random, number++, at, Kind.BACKUP, 0, all));
    for (int round = 0; round < rounds; round++) {
      int window = 50 + random.nextInt(random.nextBoolean() ? 250 : 2_000);
      for (int i = 1 + random.nextInt(5); i > 0; i--) {
        Kind kind = AROUND_RESTORES.get(random.nextInt(AROUND_RESTORES.size()));
        long then = at + random.nextInt(window);
        all.add(step(random, number++, then, kind, random.nextInt(NODES), all));
      }
      if (round > 0 && random.nextInt(4) == 0) {
        all.add(step(random, number++, at + random.nextInt(window), Kind.BACKUP, 0, all));
      }
      at += window;
      all.add(step(random, number++, at, Kind.RESTORE, 0, all));
      if (round == 0 && holds > 0 && holds < 4) {
        all.add(step(random, number++, at + random.nextInt(20), Kind.HOLD_FEED, 0, all));
      }
    }
    all.add(step(random, number, at + random.nextInt(2_000), Kind.RELEASE_FEED, 0, all));
    all.sort(Comparator.comparingLong(SimStep::at));
    return new SimPlan(
        seed, skews, mirrorInterval, drainBatch, feedPage, limits, alone, flaky, all);
  }

  /** Some nodes begin alone, write, and meet the database; some lose its settings for a time. */
  private SimPlan adopting(SplittableRandom random) {
    List<SimStep> all = new ArrayList<>(steps);
    int number = steps.stream().mapToInt(SimStep::number).max().orElse(0) + 1;
    long end = steps.stream().mapToLong(SimStep::at).max().orElse(0);
    Set<Integer> without = new HashSet<>();
    for (int node = 0; node < NODES; node++) {
      if (random.nextInt(5) < 3) {
        without.add(node);
        long until = random.nextInt(3) == 0 ? random.nextLong(end + 1) : random.nextLong(1_500);
        for (int i = 2 + random.nextInt(7); i > 0; i--) {
          Kind kind = ALONE.get(random.nextInt(ALONE.size()));
          all.add(step(random, number++, random.nextLong(until + 1), kind, node, all));
        }
        all.add(step(random, number++, until, Kind.CONFIGURE, node, all));
      }
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      int node = random.nextInt(NODES);
      long from = random.nextLong(end + 1);
      all.add(step(random, number++, from, Kind.UNCONFIGURE, node, all));
      all.add(step(random, number++, from + random.nextInt(2_000), Kind.CONFIGURE, node, all));
    }
    all.sort(Comparator.comparingLong(SimStep::at));
    return new SimPlan(
        seed, skews, mirrorInterval, drainBatch, feedPage, limits, without, flaky, all);
  }

  private static SimStep step(
      SplittableRandom random, int number, long at, Kind kind, int node, List<SimStep> before) {
    List<SimStep> appends =
        before.stream().filter(step -> step.kind() == Kind.APPEND && step.owner() == 0).toList();
    SimStep target = appends.isEmpty() ? null : appends.get(random.nextInt(appends.size()));
    boolean aimed = kind == Kind.EDIT || kind == Kind.DELETE_MESSAGE || kind == Kind.RETRY;
    int conversation =
        aimed && target != null ? target.conversation() : random.nextInt(CONVERSATIONS);
    return new SimStep(
        number,
        at,
        kind,
        node,
        random.nextInt(2),
        0,
        conversation,
        target == null ? 0 : target.number(),
        random.nextLong());
  }

  /** Client steps before a node meets the database, weighted by repetition. */
  private static final List<Kind> ALONE =
      List.of(
          Kind.CREATE_IF_ABSENT,
          Kind.CREATE_IF_ABSENT,
          Kind.CREATE,
          Kind.APPEND,
          Kind.APPEND,
          Kind.APPEND,
          Kind.APPEND,
          Kind.EDIT,
          Kind.DELETE_MESSAGE,
          Kind.RENAME,
          Kind.PREFER,
          Kind.PREFER_CHAT,
          Kind.SAVE,
          Kind.DELETE,
          Kind.ERASE,
          Kind.READ,
          Kind.WALK);

  /** What happens before a copy of the database is put back, as often as it stands here. */
  private static final List<Kind> AROUND_RESTORES =
      List.of(
          Kind.CREATE_IF_ABSENT,
          Kind.CREATE_IF_ABSENT,
          Kind.APPEND,
          Kind.APPEND,
          Kind.APPEND,
          Kind.APPEND,
          Kind.APPEND,
          Kind.RETRY,
          Kind.EDIT,
          Kind.EDIT,
          Kind.DELETE_MESSAGE,
          Kind.DELETE_MESSAGE,
          Kind.RENAME,
          Kind.PREFER,
          Kind.SAVE,
          Kind.DELETE,
          Kind.ERASE,
          Kind.READ,
          Kind.WALK,
          Kind.CRASH,
          Kind.CUT,
          Kind.HEAL,
          Kind.LOSE_REPLY);

  private static Duration skew(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> Duration.ofHours(1);
      case 1 -> Duration.ofHours(-1);
      case 2 -> Duration.ofMillis(random.nextInt(2_000) - 1_000L);
      default -> Duration.ZERO;
    };
  }

  private static List<CopyLimits> limits(SplittableRandom random) {
    List<CopyLimits> limits = new ArrayList<>();
    boolean some = random.nextInt(3) == 0;
    for (int node = 0; node < NODES; node++) {
      CopyLimits one = CopyLimits.NONE;
      if (some && random.nextBoolean()) {
        one = one.withActiveWithin(Duration.ofMillis(100L + random.nextInt(3_000)));
      }
      if (some && random.nextInt(3) == 0) {
        one = one.withMaxBytes(4L * random.nextInt(3_000));
      }
      limits.add(one);
    }
    return limits;
  }

  private static List<SimStep> steps(SplittableRandom random) {
    Map<Kind, Integer> weights = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      if (!kind.isLater()) {
        weights.put(kind, weight(kind) * random.nextInt(4));
      }
    }
    weights.merge(Kind.APPEND, 8, Integer::sum);
    weights.merge(Kind.CREATE_IF_ABSENT, 4, Integer::sum);
    weights.merge(Kind.READ, 3, Integer::sum);
    // A fourth node takes more time.
    weights.put(Kind.CLONE, random.nextInt(16) == 0 ? 6 : 0);
    int total = weights.values().stream().mapToInt(weight -> weight).sum();
    int clients = 1 + random.nextInt(2);
    int conversations = 1 + random.nextInt(CONVERSATIONS);
    int owners = 1 + random.nextInt(4) / 3;
    long time = 0;
    List<SimStep> steps = new ArrayList<>();
    List<SimStep> appends = new ArrayList<>();
    int count = 22 + random.nextInt(32);
    int nodes = NODES;
    for (int number = 1; number <= count; number++) {
      Kind kind = draw(weights, random.nextInt(total));
      time += random.nextInt(10) == 0 ? random.nextInt(3_000) : random.nextInt(120);
      int node = random.nextInt(nodes);
      int owner = random.nextInt(owners);
      int conversation = random.nextInt(conversations);
      SimStep target = appends.isEmpty() ? null : appends.get(random.nextInt(appends.size()));
      boolean aimed =
          kind == Kind.RETRY
              || kind == Kind.CLASH
              || kind == Kind.EDIT
              || kind == Kind.DELETE_MESSAGE;
      if (kind == Kind.CLONE && nodes > NODES) {
        kind = Kind.CRASH;
      } else if (kind == Kind.CLONE) {
        nodes++;
      }
      if (aimed && target == null) {
        kind = Kind.APPEND;
      } else if (aimed) {
        owner = target.owner();
        conversation = target.conversation();
      }
      SimStep step =
          new SimStep(
              number,
              time,
              kind,
              node,
              random.nextInt(clients),
              owner,
              conversation,
              target == null ? 0 : target.number(),
              random.nextLong());
      steps.add(step);
      if (kind == Kind.APPEND) {
        appends.add(step);
      }
    }
    if (random.nextBoolean()) {
      long start = random.nextLong(time + 1);
      steps.addAll(SimStory.of(random, count + 1, start, clients, random.nextInt(conversations)));
    }
    steps.sort(Comparator.comparingLong(SimStep::at));
    return steps;
  }

  /** Mixes in steps of the later kinds, drawn separately from the others. */
  private static List<SimStep> withLater(List<SimStep> steps, SplittableRandom random) {
    List<SimStep> all = new ArrayList<>(steps);
    int number = steps.stream().mapToInt(SimStep::number).max().orElse(0) + 1;
    long end = steps.stream().mapToLong(SimStep::at).max().orElse(0);
    List<Kind> kinds =
        List.of(
            Kind.PREFER_CHAT, Kind.READ_PREFERENCES, Kind.RELIMIT, Kind.RETRY_PARKED, Kind.RETAIN);
    for (int i = random.nextInt(MOST_LATER); i > 0; i--) {
      Kind kind = kinds.get(random.nextInt(kinds.size()));
      all.add(
          new SimStep(
              number++,
              random.nextLong(end + 1),
              kind,
              random.nextInt(NODES),
              random.nextInt(2),
              0,
              random.nextInt(CONVERSATIONS),
              0,
              random.nextLong()));
    }
    if (random.nextInt(4) > 0) {
      long start = random.nextLong(end + 1);
      all.addAll(SimStory.later(random, number, start, 2, random.nextInt(CONVERSATIONS)));
    }
    all.sort(Comparator.comparingLong(SimStep::at));
    return all;
  }

  private static int weight(Kind kind) {
    return switch (kind) {
      case APPEND -> 8;
      case CREATE_IF_ABSENT, READ, EDIT, CUT -> 4;
      case DELETE, DELETE_MESSAGE, RENAME, RETRY, LOSE_REPLY, WALK, HEAL -> 3;
      case ERASE, CREATE, CLASH, HOLD_FEED, DISK_FULL, EVICT -> 1;
      default -> 2;
    };
  }

  private static Kind draw(Map<Kind, Integer> weights, int number) {
    int left = number;
    for (Map.Entry<Kind, Integer> weight : weights.entrySet()) {
      left -= weight.getValue();
      if (left < 0) {
        return weight.getKey();
      }
    }
    throw new IllegalStateException("more than all");
  }
}
