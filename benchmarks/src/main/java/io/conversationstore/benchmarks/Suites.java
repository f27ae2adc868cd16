package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Options.UsageException;
import io.conversationstore.benchmarks.ReadLine.Read;
import java.util.List;

/** Which store is measured, what stands beside it, and by which lines. */
final class Suites {

  /** A suite. */
  record Suite(Subject.Kind store, List<Subject.Kind> rivals, List<Line> lines) {

    /** The lines of these names in the suite's order; all where none is named. */
    List<Line> only(List<String> names) {
      for (String name : names) {
        if (lines.stream().noneMatch(line -> line.name().equals(name))) {
          throw new UsageException("no line is called " + name);
        }
      }
      return names.isEmpty()
          ? lines
          : lines.stream().filter(line -> names.contains(line.name())).toList();
    }
  }

  private Suites() {}

  static Suite of(String name) {
    if (!name.equals("jsonfile")) {
      throw new UsageException("no suite is called " + name);
    }
    return new Suite(
        JsonFileSubject.KIND,
        List.of(SqliteSubject.KIND, MvStoreSubject.KIND),
        List.of(
            new AppendLine(1),
            new AppendLine(16),
            new DepthLine(),
            new CompactionLine(),
            new ReadLine(Read.LAST_20_CACHED),
            new ReadLine(Read.LAST_20_COLD),
            new ReadLine(Read.LIST),
            new OpenLine(),
            new HeapLine()));
  }
}
