package io.conversationstore.hybrid;

import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.PrimaryStore;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * The claims of the database while it is in use. Otherwise a claim is not granted and not an error:
 * the node asks again soon, so a job runs after the database returned. Thread-safe.
 */
final class ClaimsInUse implements JobClaims {

  /** The wait until a lost database is asked again. */
  static final Duration AWAY = Duration.ofSeconds(30);

  private final PrimaryStore primary;
  private final Availability availability;

  ClaimsInUse(PrimaryStore primary, Availability availability) {
    this.primary = primary;
    this.availability = availability;
  }

  @Override
  public Claim claim(String job, UUID node, Duration interval) {
    Availability.Snapshot snapshot = availability.snapshot();
    if (!snapshot.usable()) {
      return away();
    }
    try {
      return primary.claim(job, node, interval);
    } catch (EngineFailureException failure) {
      availability.failed(snapshot.tag(), failure);
      if (!availability.usable()) {
        return away();
      }
      throw failure;
    }
  }

  private static Claim away() {
    return new Claim(AWAY, Instant.EPOCH);
  }

  @Override
  public void renew(String job, UUID node) {
    if (availability.usable()) {
      primary.renew(job, node);
    }
  }
}
