package io.conversationstore;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Figures on connections and calls, as this process sees them. Reading them makes no call to the
 * database.
 *
 * @param pool the connections to the database; null if there is no pool or it gives no figures
 * @param calls durations of calls to the database, by kind; kinds without a call are missing
 */
public record StoreFigures(@Nullable Pool pool, List<Calls> calls) {

  /** The figures of a store without a database. */
  public static final StoreFigures NONE = new StoreFigures(null, List.of());

  public StoreFigures {
    calls = List.copyOf(calls);
  }

  /**
   * Connection counts at one moment.
   *
   * @param active connections in use
   * @param idle open connections not in use
   * @param waiting callers that wait for a connection
   * @param most the maximum size of the pool
   */
  public record Pool(int active, int idle, int waiting, int most) {}

  /**
   * Calls of one kind. Durations include retries and cover the latest 1,024 calls at most.
   *
   * @param kind for instance {@code search}, {@code messages}, {@code MessagesAppended}
   * @param count calls since the store was opened
   * @param failed those of them that failed because the database could not serve them
   * @param median median duration
   * @param p99 99th percentile of the durations
   * @param longest longest duration
   */
  public record Calls(
      String kind, long count, long failed, Duration median, Duration p99, Duration longest) {}
}
