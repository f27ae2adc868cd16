package io.conversationstore.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A UTC clock that stands still until it is moved. Thread-safe. */
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

  /** A clock that advances by {@code tick} on each read. */
  public static ManualClock ticking(Instant start, Duration tick) {
    return new ManualClock(start, tick);
  }

  /** Advances the clock; a negative {@code by} moves it back. */
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
