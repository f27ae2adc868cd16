package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.testkit.ManualClock;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was done to a store, and what it must hold therefore, as the reference model has it. Up to
 * the last acknowledged step all must be there; of those after it, which were attempted, any number
 * from the front. For one thread.
 */
final class History {
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private final List<Step> steps = new ArrayList<>();
  private int acknowledged;
  private int forced;
  private ManualClock clock = new ManualClock(START);
  private StoreEngine engine = ReferenceStore.engine(clock);
  private ConversationStore model = Memory.front(engine, clock);

  /** Sets a clock. */
  static void move(ManualClock clock, Instant to) {
    clock.advance(Duration.between(clock.instant(), to));
  }

  /** Makes the step on a store; returns the class of the error that it ended with, or null. */
  static @Nullable Class<?> run(Step step, ConversationStore store) {
    try {
      step.call().accept(store);
      return null;
    } catch (ConversationStoreException e) {
      return e.getClass();
    }
  }

  /**
   * The step was done and will stay, and with it all before. A step that was refused says nothing
   * of what was there: it may have seen what was never acknowledged.
   *
   * @param onDisk also when the power goes, not only when the process dies
   * @return the class of the model's error, or null
   */
  @Nullable Class<?> acknowledged(Step step, boolean onDisk) {
    Class<?> error = attempted(step);
    if (error == null) {
      acknowledged = steps.size();
      forced = onDisk ? acknowledged : forced;
    }
    return error;
  }

  /** What was acknowledged and not forced may be gone, from the end. */
  void powerLost() {
    acknowledged = forced;
  }

  /** The step was done, or not. */
  @Nullable Class<?> attempted(Step step) {
    steps.add(step);
    move(clock, step.at());
    return run(step, model);
  }

  /** All that was done so far will stay. */
  void acknowledgeAll() {
    acknowledged = steps.size();
    forced = acknowledged;
  }

  /** What a store holds in which all steps were done. */
  Map<String, String> present() {
    return Fingerprint.of(model, engine);
  }

  /** How often an owner was erased. */
  int erasures(Owner owner) {
    return (int)
        steps.stream()
            .filter(step -> step.kind() == Step.Kind.ERASURE && step.owner().equals(owner))
            .count();
  }

  /** The markers of all text that was erased. */
  List<String> erased() {
    List<String> markers = new ArrayList<>();
    for (Owner owner : Workload.OWNERS) {
      for (int i = erasures(owner) - 1; i >= 0; i--) {
        markers.add(Workload.marker(owner, i));
      }
    }
    return markers;
  }

  /**
   * Finds out which of the attempted steps were done. Where the last one stopped midway, it is
   * taken out and returned, to be made again.
   *
   * @throws AssertionError if no number of them gives what there is
   */
  @Nullable Step settle(Map<String, String> actual) {
    Map<String, String> all = present();
    if (actual.equals(all)) {
      acknowledgeAll();
      return null;
    }
    Map<String, String> after = all;
    for (int count = steps.size() - 1; count >= acknowledged; count--) {
      Step last = steps.get(count);
      keep(count);
      Map<String, String> before = present();
      if (actual.equals(before)) {
        acknowledgeAll();
        return null;
      }
      if (last.kind() == Step.Kind.BY_CONVERSATION
          && Fingerprint.isBetween(actual, before, after)) {
        acknowledgeAll();
        return last;
      }
      after = before;
    }
    throw new AssertionError(
        "neither with nor without what was attempted; after the acknowledged steps it should be"
            + difference(after, actual));
  }

  private void keep(int count) {
    steps.subList(count, steps.size()).clear();
    model.close();
    clock = new ManualClock(START);
    engine = ReferenceStore.engine(clock);
    model = Memory.front(engine, clock);
    for (Step step : steps) {
      move(clock, step.at());
      run(step, model);
    }
  }

  /** Where two fingerprints differ, in words. */
  static String difference(Map<String, String> expected, Map<String, String> actual) {
    StringBuilder text = new StringBuilder();
    expected.forEach(
        (key, value) -> {
          if (!value.equals(actual.get(key))) {
            text.append('\n').append(key).append(": ").append(value);
            text.append("\nbut is ").append(actual.get(key));
          }
        });
    actual.forEach(
        (key, value) -> {
          if (!expected.containsKey(key)) {
            text.append('\n').append(key).append(" should not be there: ").append(value);
          }
        });
    return text.toString();
  }
}
