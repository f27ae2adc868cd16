package io.conversationstore.hybrid.internal.support;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The node's clock, corrected by the last measured offset to the database's. Thread-safe. */
public final class NodeClock {

  private final Clock clock;
  private final AtomicLong offsetMicros;

  public NodeClock(Clock clock, long offsetMicros) {
    this.clock = clock;
    this.offsetMicros = new AtomicLong(offsetMicros);
  }

  /** The node's own time. */
  public Instant uncorrected() {
    return clock.instant();
  }

  /** This node's estimate of the database's time, in microseconds. */
  public Instant now() {
    return clock
        .instant()
        .plus(offsetMicros.get(), ChronoUnit.MICROS)
        .truncatedTo(ChronoUnit.MICROS);
  }

  /** Records a measurement: the database's time, read between two readings of the node's clock. */
  public long measure(Instant before, Instant database, Instant after) {
    long half = ChronoUnit.MICROS.between(before, after) / 2;
    long offset = ChronoUnit.MICROS.between(before.plus(half, ChronoUnit.MICROS), database);
    offsetMicros.set(offset);
    return offset;
  }
}
