package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
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
 * meanwhile), and so on. Subclasses define the work and the expected content. Not thread-safe.
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
   * @param between wraps the engine's files; a harness injects bugs there
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

  /** Checks the content of an engine just opened, on files without faults. */
  abstract void begin(FileEngine engine);

  /** Works until it is done or cannot continue. */
  abstract void work(FileEngine engine);

  /** Records that all steps are on the disk. */
  abstract void closed();

  /** Records that steps not on the disk may be lost. */
  abstract void powerLost();

  /** Requires that no file of the disk holds erased text. */
  abstract void requireErased(MemoryFiles disk);

  /** Returns how often the power was lost or the process was killed. */
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

  /** Everything that a crash leaves can be read: opening begins no new history of positions. */
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
   * Cancels all planned faults; false if the power is lost, even just now by a call of another
   * thread.
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
      // Bytes of a failed fsync stay in the page cache until the next loss of power, so a start
      // before that finds them.
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

  /** The power is lost, or the process is killed. */
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
