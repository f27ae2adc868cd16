package io.conversationstore.hybrid;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The clock of a simulation. */
final class SimClock extends Clock {

  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private final SimThreads threads;

  SimClock(SimThreads threads) {
    this.threads = threads;
  }

  @Override
  public Instant instant() {
    return START.plusNanos(threads.now());
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("this clock is in UTC");
  }
}
