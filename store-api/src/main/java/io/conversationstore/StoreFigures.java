package io.conversationstore;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a store and its database get on, as this process sees it. Asking for it costs no call to the
 * database.
 *
 * @param pool the connections to the database; null where there is no pool or it tells nothing
 * @param calls how long calls to the database took, by kind; kinds that nobody called are missing
 */
public record StoreFigures(@Nullable Pool pool, List<Calls> calls) {

  /** Those of a store without a database. */
  public static final StoreFigures NONE = new StoreFigures(null, List.of());

  public StoreFigures {
    calls = List.copyOf(calls);
  }

  /**
   * Connections, at one moment.
   *
   * @param active in use by calls
   * @param idle open and not in use
   * @param waiting callers that wait for one
   * @param most as many there may be
   */
  public record Pool(int active, int idle, int waiting, int most) {}

  /**
   * Calls of one kind. The times, retries included, are of the latest calls, at most 1,024.
   *
   * @param kind for instance {@code search}, {@code messages}, {@code MessagesAppended}
   * @param count since the store was opened
   * @param failed of these, calls that failed because the database could not do them
   * @param median as long or less took half of the calls
   * @param p99 as long or less took 99 of 100
   * @param longest the slowest one
   */
  public record Calls(
      String kind, long count, long failed, Duration median, Duration p99, Duration longest) {}
}
