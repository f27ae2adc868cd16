package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Options.UsageException;
import io.conversationstore.benchmarks.ReadLine.Read;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which store is measured, what stands beside it, and by which lines. */
final class Suites {

  /** A suite. */
  record Suite(Subject.@Nullable Kind store, List<Subject.Kind> rivals, List<Line> lines) {

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
    return switch (name) {
      case "jsonfile" -> jsonFile();
      case "postgres" -> postgres();
      case "hybrid" -> hybrid();
      default -> throw new UsageException("no suite is called " + name);
    };
  }

  private static Suite postgres() {
    return new Suite(
        null,
        List.of(),
        List.of(
            new PgAppendLine(1),
            new PgAppendLine(8),
            new PgDepthLine(),
            new PgImportLine(),
            new PgRowSecurityLine(),
            new PgMemoryLine(10),
            new PgMemoryLine(100),
            new PgMemoryLine(1_000),
            new PgMemoryLine(5_000),
            new PgRaceLine(),
            new PgListLine(),
            new PgLargeLine()));
  }

  private static Suite hybrid() {
    return new Suite(
        null,
        List.of(),
        List.of(
            new HyHealthyLine(),
            new HyDownLine(),
            new HySilentLine(),
            new HyReturnLine(),
            new HyDrainLine(),
            new HyAdoptLine()));
  }

  private static Suite jsonFile() {
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
