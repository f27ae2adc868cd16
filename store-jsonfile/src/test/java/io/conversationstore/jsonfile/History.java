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
 * The steps done to a store, and the content that it must have according to the reference model.
 * All steps up to the last acknowledged one must be there. Of the attempted steps after it, any
 * number from the front may be there. Not thread-safe.
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

  /** Runs the step on a store; returns the class of its error, or null. */
  static @Nullable Class<?> run(Step step, ConversationStore store) {
    try {
      step.call().accept(store);
      return null;
    } catch (ConversationStoreException e) {
      return e.getClass();
    }
  }

  /**
   * The step was done and stays, with all steps before it. A refused step proves nothing about
   * earlier steps: it may have seen some that were never acknowledged.
   *
   * @param onDisk whether it also survives a loss of power, not only a killed process
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

  /** Steps that were acknowledged but not forced may be lost, from the end. */
  void powerLost() {
    acknowledged = forced;
  }

  /** The step may have been done. */
  @Nullable Class<?> attempted(Step step) {
    steps.add(step);
    move(clock, step.at());
    return run(step, model);
  }

  /** All steps so far stay. */
  void acknowledgeAll() {
    acknowledged = steps.size();
    forced = acknowledged;
  }

  /** The content of a store after all steps. */
  Map<String, String> present() {
    return Fingerprint.of(model, engine);
  }

  /** The number of erasures of an owner. */
  int erasures(Owner owner) {
    return (int)
        steps.stream()
            .filter(step -> step.kind() == Step.Kind.ERASURE && step.owner().equals(owner))
            .count();
  }

  /** The markers of all erased text. */
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
   * Determines which of the attempted steps were done. If the last one stopped midway, it is
   * removed and returned, to be repeated.
   *
   * @throws AssertionError if no number of steps gives this content
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

  /** Describes the difference between two fingerprints. */
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
