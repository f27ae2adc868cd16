package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A small directory as a clean shutdown leaves it, with a snapshot and several segments, and what
 * it held after each write: what a start must find when its end is cut off. Immutable.
 */
final class SoundDirectory {

  /**
   * What was there when the log ended here.
   *
   * @param segment the name of the last segment
   * @param size of that segment, in bytes
   */
  private record Mark(String segment, long size, Map<String, String> content) {}

  private final MemoryFiles files = new MemoryFiles();
  private final List<Mark> marks = new ArrayList<>();
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
      Set<String> since = new HashSet<>();
      while (since.size() < segments) {
        Step step = workload.next();
        // Retention is several writes in one step: no step of it, so that each step is one line.
        boolean wanted = step.kind() == (snapshot ? Step.Kind.WHOLE : Step.Kind.ERASURE);
        if (step.kind() == Step.Kind.BY_CONVERSATION || (marks.size() > 20 && !wanted)) {
          continue;
        }
        History.move((ManualClock) options.clock(), step.at());
        History.run(step, store);
        String last = lastSegment();
        snapshot |= step.kind() == Step.Kind.ERASURE && marks.size() > 20;
        if (snapshot) {
          since.add(last);
        }
        marks.add(new Mark(last, sizeWithoutRoom(last), Fingerprint.of(store, engine)));
      }
    }
  }

  private int sizeWithoutRoom(String name) {
    byte[] bytes = files.bytes(name);
    return lineStart(bytes, bytes.length);
  }

  private String lastSegment() {
    return files.fingerprints().keySet().stream()
        .filter(name -> name.matches("log-\\d{10}\\.jsonl"))
        .max(String::compareTo)
        .orElseThrow();
  }

  JsonFileOptions options() {
    return options;
  }

  /** A copy to be damaged. */
  MemoryFiles copy() {
    return files.copy();
  }

  List<String> names() {
    return List.copyOf(files.fingerprints().keySet());
  }

  byte[] bytes(String name) {
    return files.bytes(name);
  }

  /** All that is there. */
  Map<String, String> content() {
    return marks.get(marks.size() - 1).content();
  }

  boolean isLastSegment(String name) {
    return name.equals(lastSegment());
  }

  /**
   * What is left when a byte of the last line is another, or the end of the line before it, which
   * takes both; null for other bytes, whose lines are known by later ones to have been forced.
   */
  @Nullable Map<String, String> contentBefore(String name, int offset) {
    byte[] bytes = files.bytes(name);
    if (!isLastSegment(name) || offset < lineStart(bytes, bytes.length - 1) - 1) {
      return null;
    }
    return contentUpTo(name, lineStart(bytes, offset));
  }

  /** Where the line begins that the byte belongs to, as the newline does that ends it. */
  private static int lineStart(byte[] bytes, int offset) {
    int start = offset;
    while (start > 0 && bytes[start - 1] != '\n') {
      start--;
    }
    return start;
  }

  /** What is there when the last segment is cut to so many bytes. */
  Map<String, String> contentUpTo(String segment, long size) {
    Map<String, String> content = Map.of();
    for (Mark mark : marks) {
      int order = mark.segment().compareTo(segment);
      if (order < 0 || (order == 0 && mark.size() <= size)) {
        content = mark.content();
      }
    }
    return content;
  }
}
