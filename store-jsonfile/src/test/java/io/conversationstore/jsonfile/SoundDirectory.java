package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A small directory after a clean shutdown, with a snapshot and several segments, and its expected
 * content. Immutable.
 */
final class SoundDirectory {

  private final MemoryFiles files = new MemoryFiles();
  private Map<String, String> content = Map.of();
  private final JsonFileOptions options;

  private SoundDirectory(long seed) {
    ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
    options =
        Memory.options()
            .withCacheBytes(0)
            .withCompactionBytes(4 << 10)
            .withClock(clock, new UuidV7(clock, new Random(seed)));
  }

  /** Works until there is a snapshot and {@code segments} segments after it. */
  static SoundDirectory make(long seed, int segments) throws IOException {
    SoundDirectory directory = new SoundDirectory(seed);
    directory.fill(new Workload(new Random(seed), owner -> 0), segments);
    return directory;
  }

  private void fill(Workload workload, int segments) throws IOException {
    FileEngine engine = Memory.engine(files, options);
    try (ConversationStore store = Memory.front(engine, options)) {
      boolean snapshot = false;
      int steps = 0;
      Set<String> since = new HashSet<>();
      while (since.size() < segments) {
        Step step = workload.next();
        boolean wanted = step.kind() == (snapshot ? Step.Kind.WHOLE : Step.Kind.ERASURE);
        if (step.kind() == Step.Kind.BY_CONVERSATION || (steps > 20 && !wanted)) {
          continue;
        }
        History.move((ManualClock) options.clock(), step.at());
        History.run(step, store);
        snapshot |= step.kind() == Step.Kind.ERASURE && steps > 20;
        if (snapshot) {
          since.add(lastSegment());
        }
        steps++;
      }
      content = Fingerprint.of(store, engine);
    }
  }

  /** The name of the last segment of the log. */
  String lastSegment() {
    return files.fingerprints().keySet().stream()
        .filter(name -> name.matches("log-\\d{10}\\.jsonl"))
        .max(String::compareTo)
        .orElseThrow();
  }

  JsonFileOptions options() {
    return options;
  }

  /** A copy for a test to damage. */
  MemoryFiles copy() {
    return files.copy();
  }

  List<String> names() {
    return List.copyOf(files.fingerprints().keySet());
  }

  byte[] bytes(String name) {
    return files.bytes(name);
  }

  /** The expected content. */
  Map<String, String> content() {
    return content;
  }
}
