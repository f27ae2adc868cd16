package io.conversationstore.testkit;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/**
 * A clock that never returns the same microsecond twice, even over a stopped clock, like a server
 * on which each change takes time. Thread-safe.
 */
final class ServerClock extends Clock {

  private final Clock clock;
  private Instant last = Instant.MIN;

  ServerClock(Clock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Instant instant() {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    last = now.isAfter(last) ? now : last.plus(1, ChronoUnit.MICROS);
    return last;
  }

  @Override
  public ZoneId getZone() {
    return clock.getZone();
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return new ServerClock(clock.withZone(zone));
  }
}
