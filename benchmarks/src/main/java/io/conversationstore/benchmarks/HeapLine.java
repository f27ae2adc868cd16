package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Setup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** What the opened store keeps in memory for a message, in a JVM of its own. */
final class HeapLine implements Line {

  @Override
  public String name() {
    return "heap";
  }

  @Override
  public void run(Bench bench) throws Exception {
    Sizes sizes = bench.sizes();
    Path headers = bench.directory("headers");
    try (Subject subject = bench.store().open(headers, Setup.NOT_FORCED)) {
      subject.load(0, sizes.conversations(), 0, bench.texts());
    }
    long empty = probe(bench.directory("empty"));
    long ofHeaders = probe(headers) - empty;
    long ofAll = probe(bench.large(bench.store())) - empty;
    bench.report().figure("heap.empty", empty / 1e6, "MB for a store that holds nothing");
    bench
        .report()
        .figure(
            "heap.conversation",
            (double) ofHeaders / sizes.conversations(),
            "bytes a header (" + sizes.conversations() + " conversations)");
    bench.report().figure("heap.all", ofAll / 1e6, "MB for " + sizes.messages() + " messages");
    bench
        .report()
        .ratio(
            "heap-bytes-per-message",
            (double) (ofAll - ofHeaders) / sizes.messages(),
            Target.atMost(64));
  }

  private static long probe(Path directory) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx2g",
                    // Its figures are exact after a collection, without regions half used.
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    HeapProbe.class.getName(),
                    directory.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException("the JVM that measures the heap failed");
      }
      return Long.parseLong(answer);
    } finally {
      process.destroyForcibly();
    }
  }
}
