package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A store without a database: all calls of the public interface, compared with the reference model.
 * Acknowledged changes are there. Unacknowledged ones are there in full or not at all. No file
 * holds text whose erasure was acknowledged.
 */
final class AloneLives extends Lives {
  private static final int STEPS = 40;
  private static final Pattern MARKER = Pattern.compile("mark-(\\d-\\d+)-\\1-");

  private final Durability durability;
  private final History history = new History();
  private final Set<String> erased = new HashSet<>();
  private final Workload workload = new Workload(random, history::erasures);
  private FileEngine engine;
  private ConversationStore store;

  AloneLives(long seed, Durability durability, UnaryOperator<LogFiles> between) {
    super(seed, durability, between);
    this.durability = durability;
  }

  @Override
  void begin(FileEngine opened) {
    engine = opened;
    store = Memory.front(opened, options);
    Step midway = history.settle(Fingerprint.of(store, engine));
    if (midway != null) {
      make(midway);
    }
    erased.addAll(history.erased());
  }

  @Override
  void closed() {
    history.acknowledgeAll();
  }

  @Override
  void powerLost() {
    history.powerLost();
  }

  @Override
  void work(FileEngine unused) {
    for (int i = random.nextInt(STEPS); i >= 0; i--) {
      if (!make(workload.next()) || (random.nextInt(6) == 0 && !compare())) {
        return;
      }
    }
  }

  /** Returns whether the store can continue. */
  private boolean make(Step step) {
    History.move(clock, step.at());
    Class<?> error = null;
    try {
      step.call().accept(store);
    } catch (StoreUnavailableException e) {
      return goesOn(step);
    } catch (ConversationStoreException e) {
      error = e.getClass();
    }
    boolean forced = durability == Durability.EACH_WRITE || step.kind() == Step.Kind.ERASURE;
    assertThat(error).as(step.name()).isEqualTo(history.acknowledged(step, forced));
    if (step.kind() == Step.Kind.ERASURE && error == null) {
      erased.addAll(history.erased());
      requireErased(files);
      requireErased(files.survivor(random));
    }
    return true;
  }

  /** Handles a step that was not acknowledged; returns whether the store can continue. */
  private boolean goesOn(Step step) {
    if (!heal()) {
      history.attempted(step);
      return false;
    }
    if (isBroken(engine)) {
      // Only the next start shows the result; it must be all or nothing.
      history.attempted(step);
      return false;
    }
    if (step.kind() == Step.Kind.BY_CONVERSATION) {
      return make(step);
    }
    Map<String, String> actual = Fingerprint.of(store, engine);
    if (!actual.equals(history.present())) {
      history.attempted(step);
      requireSame(history.present(), actual);
    }
    return random.nextBoolean() || make(step);
  }

  private boolean compare() {
    try {
      requireSame(history.present(), Fingerprint.of(store, engine));
      return true;
    } catch (StoreUnavailableException e) {
      return heal();
    }
  }

  private static void requireSame(Map<String, String> expected, Map<String, String> actual) {
    assertThat(actual.equals(expected))
        .as("what is shown:%s", History.difference(expected, actual))
        .isTrue();
  }

  @Override
  void requireErased(MemoryFiles disk) {
    Matcher matcher = MARKER.matcher(new String(disk.all(), StandardCharsets.ISO_8859_1));
    while (matcher.find()) {
      assertThat(erased).as("erased text").doesNotContain(matcher.group());
    }
  }
}
