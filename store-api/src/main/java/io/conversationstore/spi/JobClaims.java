package io.conversationstore.spi;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * Decides which of several nodes does a periodic job. A node that claims a job keeps it for an
 * interval from the claim or from its last renewal, whether or not it lives that long. Afterwards
 * the first node that asks gets it.
 *
 * <p>Contract for implementers: of any number of calls at the same time, one gets the claim. All
 * methods are safe for use by many threads.
 */
public interface JobClaims {

  /**
   * The answer to a claim.
   *
   * @param remaining time until the job is due again; zero if the caller now has the claim
   * @param now the time of the store that the job works on
   */
  record Claim(Duration remaining, Instant now) {
    public boolean isGranted() {
      return remaining.isZero();
    }
  }

  /**
   * Claims a job that was not claimed or renewed within the interval.
   *
   * @param job its name
   * @throws EngineFailureException if the engine cannot work
   */
  Claim claim(String job, UUID node, Duration interval);

  /**
   * Begins the interval of the claim anew, if this node has it still.
   *
   * @throws EngineFailureException if the engine cannot work
   */
  void renew(String job, UUID node);

  /** For a store that no other node shares: grants every claim. */
  static JobClaims alone(Clock clock) {
    return new JobClaims() {
      @Override
      public Claim claim(String job, UUID node, Duration interval) {
        return new Claim(Duration.ZERO, clock.instant());
      }

      @Override
      public void renew(String job, UUID node) {
        // Nobody else asks.
      }
    };
  }
}
