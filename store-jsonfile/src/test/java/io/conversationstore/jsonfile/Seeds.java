package io.conversationstore.jsonfile;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs something for many seeds, on all processors: first those that ever failed, then alternately
 * those from 1 on and those of the day. {@code -Dstore.seed} repeats one seed. {@code
 * -Dstore.crashes} sets the number of crash points in each test that counts them.
 */
final class Seeds {
  private static final int MOST_REPORTED = 3;
  private static final long MOST_A_DAY = 10_000_000;

  /** Seeds that failed in one of the tests; all tests run them. */
  private static final long[] FAILED_BEFORE = {
    62, // files of a failed compaction stayed open
    207870000004L, // a torn end was back after a start that failed to force its removal
    1796016988046L, // lines were overwritten before the name of their note was on the disk
    1796015956, // text stayed in a file whose first cleaning failed but which counted as read
  };

  /** The work for one seed; returns the number of crash points. */
  @FunctionalInterface
  interface Run {
    long run(long seed) throws Exception;
  }

  private Seeds() {}

  private static long today() {
    return LocalDate.now(ZoneOffset.UTC).toEpochDay() * MOST_A_DAY;
  }

  private static long seed(long number, long today) {
    int kept = FAILED_BEFORE.length;
    if (number < kept) {
      return FAILED_BEFORE[(int) number];
    }
    long other = number - kept;
    return other % 2 == 0 ? 1 + other / 2 : today + other / 2;
  }

  /** Runs seeds until this many crash points are reached; returns their number. */
  static long until(long defaultCrashes, Run run) throws InterruptedException {
    Long only = Long.getLong("store.seed");
    long wanted = only != null ? 1 : Long.getLong("store.crashes", defaultCrashes);
    AtomicLong next = new AtomicLong();
    long today = today();
    AtomicLong crashes = new AtomicLong();
    Queue<AssertionError> failures = new ConcurrentLinkedQueue<>();
    int workers = only != null ? 1 : Runtime.getRuntime().availableProcessors();
    ExecutorService executor = Executors.newFixedThreadPool(workers);
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        futures.add(
            executor.submit(
                () -> {
                  while (crashes.get() < wanted && failures.size() < MOST_REPORTED) {
                    long seed = only != null ? only : seed(next.getAndIncrement(), today);
                    try {
                      crashes.addAndGet(run.run(seed));
                    } catch (Exception | AssertionError e) {
                      failures.add(new AssertionError("with -Dstore.seed=" + seed + ": " + e, e));
                    }
                    if (only != null) {
                      return;
                    }
                  }
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      executor.shutdownNow();
    }
    if (!failures.isEmpty()) {
      AssertionError first = failures.remove();
      failures.forEach(first::addSuppressed);
      throw first;
    }
    return crashes.get();
  }
}
