package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Eight threads append to one conversation: what was accepted and is not there, or twice. */
final class PgRaceLine implements Line {

  private static final int THREADS = 8;

  /** Few: who writes back all that he read makes eight of one in each round. */
  private static final int EACH = 3;

  private static final int BEFORE = 20;

  @Override
  public String name() {
    return "race";
  }

  @Override
  public void run(Bench bench) throws Exception {
    for (PgMemory memory : PgMemory.all(PgServer.of(bench))) {
      try (memory) {
        race(bench, memory);
      }
    }
  }

  private void race(Bench bench, PgMemory memory) throws Exception {
    List<String> before = new ArrayList<>();
    for (int i = 0; i < BEFORE; i++) {
      before.add("before " + i);
    }
    memory.load("c", before);
    long start = System.nanoTime();
    List<String> accepted = accepted(memory);
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, Integer> found = new HashMap<>();
    memory.all("c").forEach(text -> found.merge(text, 1, Integer::sum));
    accepted.addAll(before);
    long lost = accepted.stream().filter(text -> !found.containsKey(text)).count();
    long doubled = found.values().stream().mapToLong(count -> count - 1L).sum();
    String line = name() + "." + memory.name();
    Report report = bench.report();
    report.figure(line + ".accepted", accepted.size() - BEFORE, "of " + THREADS * EACH);
    report.figure(line + ".lost", (double) lost, "messages");
    report.figure(line + ".doubled", (double) doubled, "messages");
    report.figure(line + ".rate", THREADS * EACH / seconds, "appends/s");
    if (memory.name().equals(PgStoreMemory.NAME)) {
      report.ratio(name() + "-lost-or-doubled", (double) (lost + doubled), Target.atMost(0));
      report.ratio(
          name() + "-accepted",
          (accepted.size() - BEFORE) / (double) (THREADS * EACH),
          Target.atLeast(1));
    }
  }

  /** The texts whose append did not fail. */
  private static List<String> accepted(PgMemory memory) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<List<String>>> writers = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int thread = t;
        writers.add(() -> write(memory, thread));
      }
      List<String> accepted = new ArrayList<>();
      for (Future<List<String>> writer : threads.invokeAll(writers)) {
        accepted.addAll(writer.get());
      }
      return accepted;
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<String> write(PgMemory memory, int thread) throws Exception {
    List<String> accepted = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      String text = "thread " + thread + " message " + i;
      boolean taken = false;
      try {
        memory.append("c", text);
        taken = true;
      } catch (RuntimeException refused) {
        // Said to have failed, so neither lost nor expected; "accepted" shows how many.
        taken = false;
      }
      if (taken) {
        accepted.add(text);
      }
    }
    return accepted;
  }
}
