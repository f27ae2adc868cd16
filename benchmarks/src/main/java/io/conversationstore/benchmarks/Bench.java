package io.conversationstore.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of a run share: the store in question, those beside it, sizes, texts, places, and
 * the large data set, which is made once for each store. For one thread.
 */
final class Bench implements AutoCloseable {

  private final Subject.@Nullable Kind store;
  private final List<Subject.Kind> rivals;
  private final Sizes sizes;
  private final Texts texts;
  private final Report report;
  private final Path root;
  private final Map<String, Path> large = new HashMap<>();
  private final Map<Class<?>, Shared> shared = new LinkedHashMap<>();
  private int directories;

  Bench(
      Subject.@Nullable Kind store,
      List<Subject.Kind> rivals,
      Sizes sizes,
      Texts texts,
      Report report,
      Path root) {
    this.store = store;
    this.rivals = rivals;
    this.sizes = sizes;
    this.texts = texts;
    this.report = report;
    this.root = root;
  }

  /** The store in question, in suites whose stores are all at the same work. */
  Subject.Kind store() {
    return Objects.requireNonNull(store, "this suite has lines of its own only");
  }

  List<Subject.Kind> rivals() {
    return rivals;
  }

  /** The store and its rivals. */
  List<Subject.Kind> kinds() {
    return Stream.concat(Stream.of(store()), rivals.stream()).toList();
  }

  Sizes sizes() {
    return sizes;
  }

  Texts texts() {
    return texts;
  }

  Report report() {
    return report;
  }

  /** Something that several lines use. */
  interface Shared extends AutoCloseable {
    @Override
    void close();
  }

  /** What lines share beyond this: made at the first call, closed after the last line. */
  <T extends Shared> T shared(Class<T> type, Callable<T> make) throws Exception {
    Shared made = shared.get(type);
    if (made == null) {
      made = make.call();
      shared.put(type, made);
    }
    return type.cast(made);
  }

  @Override
  public void close() {
    for (Shared each : shared.values()) {
      each.close();
    }
  }

  /** A new, empty directory. */
  Path directory(String name) throws IOException {
    return Files.createDirectories(root.resolve(++directories + "-" + name));
  }

  /** The large data set in a store of this kind; lines only read it. */
  Path large(Subject.Kind kind) throws Exception {
    Path made = large.get(kind.name());
    if (made != null) {
      return made;
    }
    Path directory = directory("large-" + kind.name());
    long start = System.nanoTime();
    try (Subject subject = kind.open(directory, Subject.Setup.NOT_FORCED)) {
      subject.load(0, sizes.conversations(), sizes.messagesEach(), texts);
    }
    report.figure(
        "load." + kind.name(),
        sizes.messages() / ((System.nanoTime() - start) / 1e9),
        "messages/s in bulk, " + Report.number(size(directory) / 1e6) + " MB on disk");
    large.put(kind.name(), directory);
    return directory;
  }

  /** The bytes of all files in a directory whose names begin so. */
  static long size(Path directory, String prefix) throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        if (String.valueOf(file.getFileName()).startsWith(prefix)) {
          bytes += Files.size(file);
        }
      }
    }
    return bytes;
  }

  static long size(Path directory) throws IOException {
    return size(directory, "");
  }

  static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
