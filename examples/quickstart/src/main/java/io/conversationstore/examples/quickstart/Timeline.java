package io.conversationstore.examples.quickstart;

import io.conversationstore.StoreState.Mode;
import java.io.PrintStream;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Shows what happens: a line for each event and each second; where the output is a terminal, also a
 * bar that is always the last line. Thread-safe.
 */
final class Timeline {

  private static final int BAR = 30;

  private final PrintStream out;
  private final boolean terminal;
  private final long start = System.nanoTime();
  private final int total;
  private final Map<Mode, Latencies> writes = new EnumMap<>(Mode.class);
  private final Map<Mode, Latencies> reads = new EnumMap<>(Mode.class);
  private final Latencies recentWrites = new Latencies();
  private final Latencies recentReads = new Latencies();
  private Mode mode = Mode.OFFLINE;
  private long pending;
  private long drained;
  private int messages;
  private int messagesBefore;
  private int failed;
  private long lastLine = start;
  private boolean barShown;

  Timeline(PrintStream out, boolean terminal, int total) {
    this.out = out;
    this.terminal = terminal;
    this.total = total;
    for (Mode each : Mode.values()) {
      writes.put(each, new Latencies());
      reads.put(each, new Latencies());
    }
    out.println(
        "   time  state        messages  rate/s   write p50/p99 ms    read p50/p99 ms  pending"
            + "  drained");
  }

  synchronized void event(String text) {
    clearBar();
    out.printf(Locale.ROOT, "%6.1fs  ** %s%n", seconds(), text);
    bar();
  }

  synchronized void wrote(int count, long micros, Mode in) {
    messages += count;
    recorded(writes, in).add(micros);
    recentWrites.add(micros);
  }

  synchronized void read(long micros, Mode in) {
    recorded(reads, in).add(micros);
    recentReads.add(micros);
  }

  private static Latencies recorded(Map<Mode, Latencies> all, Mode in) {
    Latencies latencies = all.get(in);
    if (latencies == null) {
      throw new IllegalStateException("no phase " + in);
    }
    return latencies;
  }

  synchronized void failedCall() {
    failed++;
  }

  synchronized void state(Mode present, long pendingNow, long drainedSoFar) {
    pending = pendingNow;
    drained = drainedSoFar;
    if (present != mode) {
      mode = present;
      event("the store is now " + name(present));
    }
    long now = System.nanoTime();
    if (now - lastLine >= TimeUnit.SECONDS.toNanos(1)) {
      line(now);
    }
    bar();
  }

  private void line(long now) {
    clearBar();
    double span = (now - lastLine) / 1e9;
    out.printf(
        Locale.ROOT,
        "%6.1fs  %-11s  %8d  %6.0f  %8s / %7s  %8s / %7s  %7d  %7d%n",
        seconds(),
        name(mode),
        messages,
        (messages - messagesBefore) / span,
        recentWrites.percentile(0.5),
        recentWrites.percentile(0.99),
        recentReads.percentile(0.5),
        recentReads.percentile(0.99),
        pending,
        drained);
    lastLine = now;
    messagesBefore = messages;
    recentWrites.clear();
    recentReads.clear();
  }

  /** Ends the timeline with what each phase was like. */
  synchronized void phases() {
    line(System.nanoTime());
    clearBar();
    barShown = false;
    out.println();
    out.println("phase         writes   p50 ms   p99 ms     reads   p50 ms   p99 ms");
    for (Mode phase : new Mode[] {Mode.ONLINE, Mode.OFFLINE, Mode.RESYNCING}) {
      Latencies w = recorded(writes, phase);
      Latencies r = recorded(reads, phase);
      out.printf(
          Locale.ROOT,
          "%-12s  %6d  %7s  %7s    %6d  %7s  %7s%n",
          name(phase),
          w.count(),
          w.percentile(0.5),
          w.percentile(0.99),
          r.count(),
          r.percentile(0.5),
          r.percentile(0.99));
    }
    out.println("calls that failed and were retried: " + failed);
    out.println();
  }

  private double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  private static String name(Mode mode) {
    return mode.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private void clearBar() {
    if (terminal && barShown) {
      out.print("\r\u001b[2K");
    }
  }

  private void bar() {
    if (!terminal) {
      return;
    }
    clearBar();
    int full = (int) ((long) BAR * messages / Math.max(1, total));
    out.printf(
        Locale.ROOT,
        "[%s%s] %3d%%  %d of %d messages, %s",
        "#".repeat(full),
        ".".repeat(BAR - full),
        100L * messages / Math.max(1, total),
        messages,
        total,
        name(mode));
    out.flush();
    barShown = true;
  }
}
