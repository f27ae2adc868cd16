package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Kind;
import io.conversationstore.benchmarks.Subject.Setup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads of the large data set, one thread, against the other stores. */
final class ReadLine implements Line {

  /** What is read. */
  enum Read {
    /** The last 20 messages of a few conversations that are in use. */
    LAST_20_CACHED(
        "last-20-cached",
        MvStoreSubject.KIND.name(),
        "a map hands out strings from its cache by key; this store checks the owner, finds the page's"
            + " place and makes messages with identity, place and times"),
    /** The last 20 messages of any conversation, with the stores' caches off. */
    LAST_20_COLD(
        "last-20-cold",
        SqliteSubject.KIND.name(),
        "a B-tree has the 20 rows on a page or two; this store reads 20 places of a log and parses"
            + " their JSON"),
    /** The first page of an owner's conversations. */
    LIST("list-50", "", "");

    private final String line;
    private final String rival;
    private final String whyNot;

    Read(String line, String rival, String whyNot) {
      this.line = line;
      this.rival = rival;
      this.whyNot = whyNot;
    }

    Setup setup() {
      return this == LAST_20_COLD ? Setup.UNCACHED : Setup.USUAL;
    }
  }

  private static final int IN_USE = 100;

  private final Read read;

  ReadLine(Read read) {
    this.read = read;
  }

  @Override
  public String name() {
    return read.line;
  }

  @Override
  public void run(Bench bench) throws Exception {
    List<Kind> kinds = new ArrayList<>(bench.kinds());
    if (read == Read.LIST && kinds.remove(MvStoreSubject.KIND)) {
      bench.report().note(name() + ": mvstore keeps no order by time of use and is left out");
    }
    Map<String, Subject> subjects = new LinkedHashMap<>();
    try (Load load = new Load(1)) {
      Interleaved sides = new Interleaved();
      for (Kind kind : kinds) {
        Subject subject = kind.open(bench.large(kind), read.setup());
        subjects.put(kind.name(), subject);
        sides.side(
            kind.name(),
            () ->
                load.run(bench.sizes().slice(), (thread, number) -> once(bench, subject, number))
                    .perSecond());
      }
      sides.run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), name(), "reads/s");
      for (Kind rival : kinds) {
        if (!rival.equals(bench.store())) {
          bench
              .report()
              .ratio(
                  name() + "-vs-" + rival.name(),
                  sides.ratio(bench.store().name(), rival.name()),
                  Target.atLeast(1),
                  rival.name().equals(read.rival) ? read.whyNot : "");
        }
      }
    } finally {
      for (Subject subject : subjects.values()) {
        subject.close();
      }
    }
  }

  /** A read that finds nothing would be fast. */
  private void once(Bench bench, Subject subject, long number) throws Exception {
    int conversations = bench.sizes().conversations();
    // A multiplier without a common factor walks through all of them without order.
    int any = (int) (number * 7_919 % conversations);
    int found =
        switch (read) {
          case LAST_20_CACHED -> subject.last20(any % IN_USE);
          case LAST_20_COLD -> subject.last20(any);
          case LIST -> subject.list((int) (number % Subject.OWNERS));
        };
    if (found == 0) {
      throw new IllegalStateException(name() + " found nothing");
    }
  }
}
