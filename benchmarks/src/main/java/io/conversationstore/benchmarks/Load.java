package io.conversationstore.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that do the same for a while. Keeps its threads from slice to slice. */
final class Load implements AutoCloseable {

  /** What a thread does again and again. */
  @FunctionalInterface
  interface Operation {
    /**
     * Does it once.
     *
     * @param number unlike all others of this load
     */
    void run(int thread, long number) throws Exception;
  }

  /**
   * What came of a slice.
   *
   * @param nanos of each operation, ascending
   */
  @SuppressWarnings("ArrayRecordComponent") // handed from one place to one other
  record Result(double perSecond, long[] nanos) {
    double percentileMillis(double share) {
      return nanos[(int) Math.min(nanos.length - 1L, (long) (nanos.length * share))] / 1e6;
    }
  }

  private final int threads;
  private final ExecutorService executor;
  private final AtomicLong numbers = new AtomicLong();

  Load(int threads) {
    this.threads = threads;
    this.executor = Executors.newFixedThreadPool(threads);
  }

  /** Runs for {@code time}; the rate counts to the end of the last operation. */
  Result run(Duration time, Operation operation) throws Exception {
    CountDownLatch ready = new CountDownLatch(threads);
    CountDownLatch go = new CountDownLatch(1);
    List<Future<long[]>> futures = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      Callable<long[]> task =
          () -> {
            ready.countDown();
            go.await();
            return work(thread, time, operation);
          };
      futures.add(executor.submit(task));
    }
    ready.await();
    long start = System.nanoTime();
    go.countDown();
    List<long[]> all = new ArrayList<>();
    int count = 0;
    for (Future<long[]> future : futures) {
      try {
        long[] nanos = future.get();
        all.add(nanos);
        count += nanos.length;
      } catch (ExecutionException e) {
        throw new IllegalStateException("an operation failed", e.getCause());
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long[] merged = new long[count];
    int at = 0;
    for (long[] nanos : all) {
      System.arraycopy(nanos, 0, merged, at, nanos.length);
      at += nanos.length;
    }
    Arrays.sort(merged);
    return new Result(count / seconds, merged);
  }

  private long[] work(int thread, Duration time, Operation operation) throws Exception {
    long[] nanos = new long[1_024];
    int count = 0;
    long end = System.nanoTime() + time.toNanos();
    long now = System.nanoTime();
    do {
      operation.run(thread, numbers.getAndIncrement());
      long after = System.nanoTime();
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = after - now;
      now = after;
    } while (now < end);
    return Arrays.copyOf(nanos, count);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
