package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One seed: an engine works, meets faults, loses its power, is opened (and loses it again
 * meanwhile), and so on. What it does and what it must hold is a subclass's. For one thread.
 */
abstract class Lives {
  private static final int LIVES = 5;
  private static final int CALLS = 220;
  private static final int CALLS_OF_OPENING = 40;

  final Random random;
  final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
  final JsonFileOptions options;
  MemoryFiles files = new MemoryFiles();
  private final UnaryOperator<LogFiles> between;
  private long crashes;
  private @Nullable UUID history;

  /**
   * @param between what the engine sees of the files; a harness puts bugs there
   */
  Lives(long seed, Durability durability, UnaryOperator<LogFiles> between) {
    this.random = new Random(seed);
    this.between = between;
    this.options =
        Memory.options()
            .withCompactionBytes(4 << 10)
            .withCacheBytes(random.nextBoolean() ? 0 : 1 << 20)
            .withDurability(durability)
            .withClock(clock, new UuidV7(clock, new Random(seed)));
  }

  /** Checks what an engine holds that was just opened, with files that do not fail. */
  abstract void begin(FileEngine engine);

  /** Works until it has done enough or cannot go on. */
  abstract void work(FileEngine engine);

  /** All that was done is on the disk. */
  abstract void closed();

  /** What was not on the disk may be gone. */
  abstract void powerLost();

  /** No file of the disk may hold what was erased. */
  abstract void requireErased(MemoryFiles disk);

  /** Returns how many times the power went or the process was killed. */
  final long run() throws IOException {
    for (int life = 0; life < LIVES; life++) {
      FileEngine engine = open();
      beginSound(engine);
      plan();
      work(engine);
      end(engine);
    }
    FileEngine engine = open();
    beginSound(engine);
    engine.close();
    assertThat(files.openFiles()).isZero();
    return crashes;
  }

  private void beginSound(FileEngine engine) {
    begin(engine);
    requireErased(files);
    assertThat(engine.health().healthy()).isTrue();
    requireNothingSetAside();
  }

  /** Whatever a crash leaves can be read: opening begins no new history of positions. */
  private void requireNothingSetAside() {
    try {
      Manifest manifest = Manifest.read(files);
      assertThat(manifest).isNotNull();
      assertThat(manifest.ownHistory())
          .isEqualTo(history == null ? manifest.ownHistory() : history);
      history = manifest.ownHistory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Random fork() {
    return new Random(random.nextLong());
  }

  private Call anyCall() {
    Call[] calls = Call.values();
    return calls[random.nextInt(calls.length)];
  }

  private void plan() {
    if (random.nextInt(8) > 0) {
      files.crashAfter(random.nextInt(CALLS), fork());
    }
    int faults = random.nextInt(6);
    if (faults < 2) {
      files.plan().failNth(anyCall(), 1 + random.nextInt(40));
      files.plan().failNth(anyCall(), 1 + random.nextInt(8));
    } else if (faults == 2) {
      files.fail(anyCall());
    }
  }

  private FileEngine open() throws IOException {
    for (int tries = 0; ; tries++) {
      boolean planned = tries < 4 && random.nextInt(3) == 0;
      if (planned && random.nextInt(3) > 0) {
        files.crashAfter(random.nextInt(CALLS_OF_OPENING), fork());
      } else if (planned) {
        files.plan().failNth(anyCall(), 1 + random.nextInt(4));
      }
      FileEngine engine = null;
      try {
        engine = Memory.engine(between.apply(files), options);
      } catch (IOException | StoreUnavailableException e) {
        if (!planned) {
          throw e;
        }
        assertThat(files.openFiles()).as("files left open by a failed start").isZero();
      }
      if (!heal()) {
        lose(engine);
        continue;
      }
      if (engine != null && engine.health().healthy()) {
        return engine;
      }
      assertThat(planned).as("a start without faults is healthy").isTrue();
      if (engine != null) {
        closeBroken(engine);
      }
    }
  }

  /**
   * Ends all faults that were planned; false where the power has gone, be it this moment by a call
   * of another thread.
   */
  final boolean heal() {
    files.heal();
    return !files.plan().isDead();
  }

  private void end(FileEngine engine) {
    if (files.plan().isDead() || random.nextInt(4) > 0) {
      lose(engine);
      return;
    }
    if (!heal()) {
      lose(engine);
      return;
    }
    if (isBroken(engine)) {
      // What a failed fsync left in the page cache is gone with the next loss of power, not before:
      // a start that comes first finds it.
      closeBroken(engine);
      if (random.nextBoolean()) {
        lose(null);
      }
      return;
    }
    engine.close();
    closed();
    assertThat(files.openFiles()).as("files left open").isZero();
    if (random.nextBoolean()) {
      lose(null);
    }
  }

  /** The power goes, or the process is killed. */
  private void lose(@Nullable FileEngine open) {
    crashes++;
    files.plan().powerOff();
    boolean killed = random.nextInt(5) == 0;
    if (!killed) {
      powerLost();
    }
    MemoryFiles next = killed ? files.copy() : files.survivor(random);
    if (open != null) {
      closeBroken(open);
    }
    assertThat(files.openFiles()).as("files left open").isZero();
    files = next;
    requireErased(files);
  }

  /** Whether the engine refuses writes until the next start. */
  static boolean isBroken(FileEngine engine) {
    boolean broken =
        engine.health().checks().stream()
            .anyMatch(check -> check.name().equals("writable") && !check.passed());
    assertThat(engine.state().reason().contains("refused")).isEqualTo(broken);
    return broken;
  }

  private static void closeBroken(FileEngine engine) {
    try {
      engine.close();
    } catch (StoreUnavailableException e) {
      assertThat(e).as("closing what cannot write").hasMessageContaining("memory");
    }
  }
}
