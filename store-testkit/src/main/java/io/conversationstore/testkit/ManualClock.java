package io.conversationstore.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A clock in UTC that stands still until it is moved. Thread-safe. */
public final class ManualClock extends Clock {

  private final AtomicReference<Instant> now;
  private final Duration tick;

  /** A clock that starts at {@code start}. */
  public ManualClock(Instant start) {
    this(start, Duration.ZERO);
  }

  private ManualClock(Instant start, Duration tick) {
    this.now = new AtomicReference<>(start);
    this.tick = tick;
  }

  /** A clock that moves on by {@code tick} each time it is read. */
  public static ManualClock ticking(Instant start, Duration tick) {
    return new ManualClock(start, tick);
  }

  /** Moves the clock, also back where {@code by} is negative. */
  public void advance(Duration by) {
    now.updateAndGet(instant -> instant.plus(by));
  }

  @Override
  public Instant instant() {
    return now.getAndUpdate(instant -> instant.plus(tick));
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(@Nullable ZoneId zone) {
    throw new UnsupportedOperationException("this clock is in UTC");
  }
}
