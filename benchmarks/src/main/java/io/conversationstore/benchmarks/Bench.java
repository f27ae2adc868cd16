package io.conversationstore.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the lines of a run share: the store in question, those beside it, sizes, texts, places, and
 * the large data set, which is made once for each store. For one thread.
 */
final class Bench {

  private final Subject.Kind store;
  private final List<Subject.Kind> rivals;
  private final Sizes sizes;
  private final Texts texts;
  private final Report report;
  private final Path root;
  private final Map<String, Path> large = new HashMap<>();
  private int directories;

  Bench(
      Subject.Kind store,
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

  Subject.Kind store() {
    return store;
  }

  List<Subject.Kind> rivals() {
    return rivals;
  }

  /** The store and its rivals. */
  List<Subject.Kind> kinds() {
    return Stream.concat(Stream.of(store), rivals.stream()).toList();
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
