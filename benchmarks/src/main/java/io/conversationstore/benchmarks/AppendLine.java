package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Kind;
import io.conversationstore.benchmarks.Subject.Setup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Durable appends with one writer or many, against bare files and other stores. */
final class AppendLine implements Line {

  private static final int CONVERSATIONS = 1_600;

  private final int writers;

  /** What the store forced at a time in its last slice, rounded. */
  private int batch;

  private final List<Double> batches = new ArrayList<>();

  AppendLine(int writers) {
    this.writers = writers;
  }

  @Override
  public String name() {
    return "append-" + writers;
  }

  @Override
  public void run(Bench bench) throws Exception {
    batches.clear();
    batch = writers;
    Texts texts = bench.texts();
    int overhead = overhead(bench);
    bench.report().figure(name() + ".overhead", overhead, "bytes a message beside its text");
    Map<String, Subject> subjects = new LinkedHashMap<>();
    Path bareFiles = bench.directory("bare");
    try (Load load = new Load(writers);
        Load single = new Load(1);
        BareFile bare = new BareFile(bareFiles.resolve("one"), overhead);
        BareFile handed = new BareFile(bareFiles.resolve("handed"), overhead);
        BareFile batched = new BareFile(bareFiles.resolve("batched"), overhead)) {
      Interleaved sides = new Interleaved();
      for (Kind kind : bench.kinds()) {
        letCompile(bench, load, kind);
        Subject subject = kind.open(bench.directory(kind.name()), Setup.USUAL);
        subjects.put(kind.name(), subject);
        subject.load(0, CONVERSATIONS, 0, texts);
        boolean isStore = kind.name().equals(bench.store().name());
        sides.side(
            kind.name(),
            () -> isStore ? batchedRate(bench, load, subject) : rate(bench, load, subject));
      }
      sides.side(
          "bare",
          () ->
              single
                  .run(bench.sizes().slice(), (thread, number) -> bare.append(texts, number, 1))
                  .perSecond());
      if (writers == 1) {
        sides.side("bare-handed-over", () -> handedOverRate(bench, single, handed));
      } else {
        Subject store = subjects.get(bench.store().name());
        if (store != null) {
          sides.side("one-writer", () -> rate(bench, single, store));
        }
        sides.side("bare-batched", () -> batchedRate(bench, single, batched));
      }
      sides.run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), name(), "messages/s");
      ratios(bench, sides);
    } finally {
      for (Subject subject : subjects.values()) {
        subject.close();
      }
    }
  }

  /**
   * Appends without waiting for the disk until the JVM has compiled the code. Where each append
   * waits, that takes a minute, and the compiler takes a processor from the store meanwhile.
   */
  private void letCompile(Bench bench, Load load, Kind kind) throws Exception {
    try (Subject subject = kind.open(bench.directory("compiling"), Setup.NOT_FORCED)) {
      subject.load(0, CONVERSATIONS, 0, bench.texts());
      rate(bench, load, subject, bench.sizes().compiling());
    }
  }

  private double batchedRate(Bench bench, Load load, Subject subject) throws Exception {
    subject.batch();
    double rate = rate(bench, load, subject);
    double mean = subject.batch();
    batches.add(mean);
    batch = (int) Math.round(mean);
    return rate;
  }

  /** Writes as many messages at a time as the store did. */
  private double batchedRate(Bench bench, Load load, BareFile file) throws Exception {
    int size = Math.max(1, batch);
    return size
        * load.run(
                bench.sizes().slice(),
                (thread, number) -> file.append(bench.texts(), number * size, size))
            .perSecond();
  }

  /** Writes on a thread of its own, as the store does, so that no caller's interrupt closes it. */
  private static double handedOverRate(Bench bench, Load load, BareFile file) throws Exception {
    ExecutorService writer = Executors.newSingleThreadExecutor();
    try {
      return load.run(
              bench.sizes().slice(),
              (thread, number) ->
                  writer
                      .submit(
                          () -> {
                            file.append(bench.texts(), number, 1);
                            return true;
                          })
                      .get())
          .perSecond();
    } finally {
      writer.shutdown();
    }
  }

  private double rate(Bench bench, Load load, Subject subject) throws Exception {
    return rate(bench, load, subject, bench.sizes().slice());
  }

  private double rate(Bench bench, Load load, Subject subject, Duration time) throws Exception {
    // Each writer has conversations and owners of its own, as users have.
    int step = CONVERSATIONS / writers;
    return load.run(
            time,
            (thread, number) ->
                subject.append(thread * step + (int) (number % step), bench.texts().text(number)))
        .perSecond();
  }

  private void ratios(Bench bench, Interleaved sides) {
    Report report = bench.report();
    String store = bench.store().name();
    if (writers == 1) {
      report.ratio(
          name() + "-vs-bare",
          sides.ratio(store, "bare"),
          Target.atLeast(0.85),
          "handing each write over to a thread of its own, whose channel no interrupt of a caller"
              + " can close, and waiting for it alone leaves "
              + Report.number(sides.ratio("bare-handed-over", "bare"))
              + " of the bare rate");
    } else {
      report.figure(
          name() + ".batch",
          Interleaved.median(batches.stream().mapToDouble(Double::doubleValue).toArray()),
          "messages that the store forces at a time; bare-batched does the same");
      report.ratio(name() + "-vs-one-writer", sides.ratio(store, "one-writer"), Target.atLeast(6));
      report.ratio(
          name() + "-vs-bare-batched", sides.ratio(store, "bare-batched"), Target.atLeast(0.5));
      report.ratio(name() + "-vs-bare", sides.ratio(store, "bare"), Target.atLeast(1));
    }
    for (Kind rival : bench.rivals()) {
      report.ratio(
          name() + "-vs-" + rival.name(), sides.ratio(store, rival.name()), Target.atLeast(1));
    }
  }

  /** What the store writes for an append beside the text, so that bare files write as much. */
  private static int overhead(Bench bench) throws Exception {
    int messages = 1_000;
    long characters = 0;
    Path directory = bench.directory("overhead");
    long before;
    long after;
    try (Subject subject = bench.store().open(directory, Setup.NOT_FORCED)) {
      subject.load(0, 1, 0, bench.texts());
      before = Bench.size(directory, "log-");
      for (int i = 0; i < messages; i++) {
        String text = bench.texts().text(i);
        characters += text.length();
        subject.append(0, text);
      }
      after = Bench.size(directory, "log-");
    }
    return (int) Math.max(0, (after - before - characters) / messages);
  }
}
