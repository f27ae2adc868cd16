package io.conversationstore.examples.quickstart;

import java.util.Arrays;

/** Times in microseconds, and their percentiles. Not thread-safe. */
final class Latencies {

  private long[] micros = new long[1_024];
  private int count;

  void add(long time) {
    if (count == micros.length) {
      micros = Arrays.copyOf(micros, count * 2);
    }
    micros[count++] = time;
  }

  int count() {
    return count;
  }

  /** The time in milliseconds below which this share of all lies, as text; a dash for none. */
  String percentile(double share) {
    if (count == 0) {
      return "-";
    }
    long[] sorted = Arrays.copyOf(micros, count);
    Arrays.sort(sorted);
    int index = (int) Math.min(count - 1L, (long) Math.ceil(share * count) - 1);
    return String.format("%.2f", sorted[Math.max(0, index)] / 1_000.0);
  }

  void clear() {
    count = 0;
  }
}
