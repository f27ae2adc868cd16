package io.conversationstore.postgres;

import io.conversationstore.StoreFigures;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** Durations of the latest calls of each kind. Thread-safe; lock-free. */
final class CallTimes {

  private static final int WINDOW = 1_024;

  private final Map<String, Kind> kinds = new ConcurrentSkipListMap<>();

  private static final class Kind {
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLongArray nanos = new AtomicLongArray(WINDOW);
  }

  void add(String kind, long nanos, boolean failed) {
    Kind of = kinds.computeIfAbsent(kind, name -> new Kind());
    of.nanos.set((int) (of.next.getAndIncrement() % WINDOW), nanos);
    of.count.incrementAndGet();
    if (failed) {
      of.failed.incrementAndGet();
    }
  }

  List<StoreFigures.Calls> figures() {
    return kinds.entrySet().stream()
        .filter(kind -> kind.getValue().count.get() > 0)
        .map(kind -> figures(kind.getKey(), kind.getValue()))
        .toList();
  }

  private static StoreFigures.Calls figures(String name, Kind kind) {
    long count = kind.count.get();
    long[] sorted = new long[(int) Math.min(WINDOW, count)];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = kind.nanos.get(i);
    }
    Arrays.sort(sorted);
    return new StoreFigures.Calls(
        name,
        count,
        kind.failed.get(),
        percentile(sorted, 50),
        percentile(sorted, 99),
        percentile(sorted, 100));
  }

  private static Duration percentile(long[] sorted, int percent) {
    return Duration.ofNanos(sorted[(sorted.length * percent + 99) / 100 - 1]);
  }
}
