package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Random sequences of calls, run on the {@link ReferenceStore} and on a store under test. Every
 * answer and exception must be the same. Owners and ids are few, so calls often collide. A failure
 * names the seed, the step and the shortest failing sequence found; it never prints content. {@code
 * -Dstore.seed} repeats one seed, {@code -Dstore.sequences} sets how many sequences {@link
 * StoreContract} runs.
 */
public final class CommandSequences {

  /** The system property with the only seed to run. */
  public static final String SEED_PROPERTY = "store.seed";

  /** The system property with the number of sequences per contract; the default is 20. */
  public static final String COUNT_PROPERTY = "store.sequences";

  /** Maximum number of runs for shortening a failing sequence. */
  private static final int MOST_REPETITIONS = 150;

  private final long seed;
  private final @Nullable Supplier<ConversationStore> reopen;
  private ConversationStore subject;

  private CommandSequences(
      long seed, ConversationStore subject, @Nullable Supplier<ConversationStore> reopen) {
    this.seed = seed;
    this.subject = subject;
    this.reopen = reopen;
  }

  /**
   * Runs a sequence on the model and on {@code subject}, for unused owners.
   *
   * @throws AssertionError on the first difference
   */
  public static void compare(long seed, int steps, ConversationStore subject) {
    new CommandSequences(seed, subject, null).compare(steps);
  }

  /**
   * Like {@link #compare(long, int, ConversationStore)}, with steps that close and reopen the
   * store.
   *
   * @return the store as last opened
   */
  public static ConversationStore compare(
      long seed, int steps, ConversationStore subject, Supplier<ConversationStore> reopen) {
    CommandSequences sequences = new CommandSequences(seed, subject, reopen);
    sequences.compare(steps);
    return sequences.subject;
  }

  /** The seeds to run: from 1 on, unless system properties set others. */
  static List<Long> seeds() {
    Long only = Long.getLong(SEED_PROPERTY);
    if (only != null) {
      return List.of(only);
    }
    List<Long> seeds = new ArrayList<>();
    for (long i = 1; i <= Long.getLong(COUNT_PROPERTY, 20); i++) {
      seeds.add(i);
    }
    return seeds;
  }

  private void compare(int count) {
    List<RandomSteps.Step> steps = new RandomSteps(Generators.seeded(seed)).steps(count);
    Difference difference = run(steps);
    if (difference == null) {
      return;
    }
    List<RandomSteps.Step> shortest = shorten(steps.subList(0, difference.step + 1));
    Difference last = run(shortest);
    StringBuilder report = new StringBuilder();
    report.append("with seed ").append(seed).append(" (-D").append(SEED_PROPERTY).append('=');
    report.append(seed).append("), step ").append(difference.step).append(' ');
    report.append(steps.get(difference.step).name()).append(": ").append(difference.what);
    report.append("\nShortest sequence found:");
    shortest.forEach(step -> report.append("\n  ").append(step.name()));
    if (last != null) {
      report.append("\n  ").append(last.what);
    }
    throw new AssertionError(report.toString(), difference.error);
  }

  /** Removes stretches of steps, of decreasing length, while a difference remains. */
  private List<RandomSteps.Step> shorten(List<RandomSteps.Step> failing) {
    List<RandomSteps.Step> best = failing;
    int repetitions = 0;
    for (int chunk = best.size() / 2; chunk >= 1; chunk /= 2) {
      int at = 0;
      while (at < best.size() && repetitions++ < MOST_REPETITIONS) {
        List<RandomSteps.Step> candidate = new ArrayList<>(best.subList(0, at));
        candidate.addAll(best.subList(Math.min(best.size(), at + chunk), best.size()));
        Difference difference = run(candidate);
        if (difference == null) {
          at += chunk;
        } else {
          best = candidate.subList(0, difference.step + 1);
        }
      }
    }
    return best;
  }

  private record Difference(int step, String what, @Nullable Throwable error) {}

  private static @Nullable Difference difference(
      int index, RandomSteps.Step step, StepSide expected, StepSide actual) {
    try {
      Answer answer = step.run(actual);
      String what = step.run(expected).differenceFrom(answer);
      return what == null ? null : new Difference(index, what, answer.error());
    } catch (AssertionError broken) {
      return new Difference(index, String.valueOf(broken.getMessage()), broken);
    }
  }

  /** Runs steps on a new model and on the subject, for new owners. */
  private @Nullable Difference run(List<RandomSteps.Step> steps) {
    String tenants = "sequence-" + UUID.randomUUID() + "-";
    Instant start = Instant.parse("2026-01-01T00:00:00Z");
    try (ConversationStore model =
        ReferenceStore.create(ManualClock.ticking(start, Duration.ofMillis(1)))) {
      StepSide expected = new StepSide(tenants, model, null);
      StepSide actual = new StepSide(tenants, subject, reopen);
      try {
        for (int i = 0; i < steps.size(); i++) {
          Difference difference = difference(i, steps.get(i), expected, actual);
          if (difference != null) {
            return difference;
          }
        }
        try {
          new Invariants(actual.store(), true).check(actual.owners());
        } catch (AssertionError broken) {
          return new Difference(steps.size() - 1, "afterwards " + broken.getMessage(), broken);
        }
        return null;
      } finally {
        subject = actual.store();
        actual.owners().forEach(subject::erase);
      }
    }
  }
}
