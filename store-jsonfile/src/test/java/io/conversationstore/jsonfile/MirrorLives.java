package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.OwnerState;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The local part of a hybrid store: mirror, queue and contacts, compared with an engine on a disk
 * that never fails.
 */
final class MirrorLives extends Lives {
  private static final int STEPS = 40;
  private static final Pattern MARKER = Pattern.compile("(mirror|queue)-((\\d)-\\d+)-\\2-");

  private final MirrorHistory history = new MirrorHistory();
  private final MirrorWorkload workload = new MirrorWorkload(random, history);
  private final Set<String> erased = new HashSet<>();

  MirrorLives(long seed, UnaryOperator<LogFiles> between) {
    super(seed, Durability.EACH_WRITE, between);
  }

  @Override
  void begin(FileEngine engine) {
    history.settle(MirrorHistory.fingerprint(engine));
    history.forcedAll();
    for (Owner owner : MirrorWorkload.OWNERS) {
      erasedFromMirror(owner, history.epoch(owner));
      erasedFromQueue(owner);
    }
  }

  private void erasedFromMirror(Owner owner, long epoch) {
    for (long i = 0; i < epoch; i++) {
      erased.add(MirrorWorkload.mirrored(owner, i));
    }
  }

  private void erasedFromQueue(Owner owner) {
    for (int i = history.queuedErasures(owner) - 1; i >= 0; i--) {
      erased.add(MirrorWorkload.waiting(owner, i));
    }
  }

  @Override
  void closed() {
    history.forcedAll();
  }

  @Override
  void powerLost() {
    history.powerLost();
  }

  @Override
  void work(FileEngine engine) {
    for (int i = random.nextInt(STEPS); i >= 0; i--) {
      MirrorStep step = workload.next();
      try {
        step.make(engine);
      } catch (StoreUnavailableException e) {
        history.attempted(step);
        if (!goesOn(engine)) {
          return;
        }
        continue;
      }
      history.acknowledged(step);
      requireErasedBy(step);
    }
  }

  private void requireErasedBy(MirrorStep step) {
    if (step instanceof MirrorStep.Enqueue enqueue
        && enqueue.change() instanceof Change.OwnerErased change) {
      erasedFromQueue(change.owner());
      requireErased(files);
      requireNotMirrored(files, change.owner());
      requireNotMirrored(files.survivor(random), change.owner());
    } else if (step instanceof MirrorStep.Mirror mirror) {
      for (State state : mirror.states()) {
        erasedFromMirror(state.owner(), state.epoch());
        if (state instanceof OwnerState) {
          requireErased(files);
          requireErased(files.survivor(random));
        }
      }
    }
  }

  private static void requireNotMirrored(MemoryFiles disk, Owner owner) {
    String index = String.valueOf(MirrorWorkload.OWNERS.indexOf(owner));
    Matcher matcher = markers(disk);
    while (matcher.find()) {
      boolean mirrored = matcher.group(1).equals("mirror") && matcher.group(3).equals(index);
      assertThat(mirrored).as("text of the mirror after an erasure").isFalse();
    }
  }

  private static Matcher markers(MemoryFiles disk) {
    return MARKER.matcher(new String(disk.all(), StandardCharsets.ISO_8859_1));
  }

  /** After an unacknowledged step: the visible part of it was done. */
  private boolean goesOn(FileEngine engine) {
    if (!heal()) {
      return false;
    }
    if (isBroken(engine)) {
      return false;
    }
    history.settle(MirrorHistory.fingerprint(engine));
    return true;
  }

  @Override
  void requireErased(MemoryFiles disk) {
    Matcher matcher = markers(disk);
    while (matcher.find()) {
      assertThat(erased).as("erased text").doesNotContain(matcher.group());
    }
  }
}
