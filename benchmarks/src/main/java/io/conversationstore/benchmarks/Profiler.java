package io.conversationstore.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/** Records a line with Java Flight Recorder and prints where its time went. For one thread. */
final class Profiler {

  private static final String OURS = "io.conversationstore.";
  private static final String BENCHMARKS = "io.conversationstore.benchmarks.";
  private static final int MOST = 25;

  private final Path directory;
  private final Report report;

  Profiler(Path directory, Report report) {
    this.directory = directory;
    this.report = report;
  }

  void run(Line line, Bench bench) throws Exception {
    Path file = directory.resolve(line.name() + ".jfr").toAbsolutePath();
    try (Recording recording = new Recording(configuration())) {
      recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10));
      recording.start();
      line.run(bench);
      recording.stop();
      recording.dump(file);
    }
    print(line, file);
  }

  private static Configuration configuration() throws IOException, ParseException {
    return Configuration.getConfiguration("profile");
  }

  /** Counts samples by the topmost frame of the library, and by the topmost frame of all. */
  private void print(Line line, Path file) throws IOException {
    Map<String, Integer> ours = new HashMap<>();
    Map<String, Integer> top = new HashMap<>();
    int samples = 0;
    try (RecordingFile events = new RecordingFile(file)) {
      while (events.hasMoreEvents()) {
        RecordedEvent event = events.readEvent();
        if (event.getEventType().getName().equals("jdk.ExecutionSample")
            && event.getStackTrace() != null) {
          List<RecordedFrame> frames = event.getStackTrace().getFrames();
          String mine = topmost(frames);
          if (mine != null) {
            samples++;
            ours.merge(mine, 1, Integer::sum);
            top.merge(mine + " <- " + name(frames.get(0)), 1, Integer::sum);
          }
        }
      }
    }
    report.note(line.name() + ": " + samples + " samples in the library, recorded in " + file);
    print(line, "HOT", ours, samples);
    print(line, "TOP", top, samples);
  }

  private static @org.jspecify.annotations.Nullable String topmost(List<RecordedFrame> frames) {
    for (RecordedFrame frame : frames) {
      String name = name(frame);
      if (name.startsWith(BENCHMARKS)) {
        return null;
      }
      if (name.startsWith(OURS) && !name.endsWith(".<clinit>")) {
        return name;
      }
    }
    return null;
  }

  private static String name(RecordedFrame frame) {
    return frame.getMethod().getType().getName() + "." + frame.getMethod().getName();
  }

  private void print(Line line, String word, Map<String, Integer> counts, int samples) {
    counts.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
        .limit(MOST)
        .forEach(
            entry ->
                report.print(
                    word
                        + " "
                        + line.name()
                        + " "
                        + Report.number(100.0 * entry.getValue() / samples)
                        + "% "
                        + entry.getKey()));
  }
}
