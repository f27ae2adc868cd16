package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.time.Instant;
import java.util.UUID;

/**
 * What every change carries.
 *
 * @param id the change's identity: the same change may be applied again after an unknown outcome
 * @param owner whose data it touches
 * @param epoch the owner's epoch that the node knew; {@link #PRESENT_EPOCH} adopts the store's
 *     present one
 * @param time when it was made by the node's clock, corrected by the last measured offset to the
 *     database, in microseconds
 * @param node the node that made it
 */
public record ChangeStamp(UUID id, Owner owner, long epoch, Instant time, UUID node) {

  /** Stands for "whatever the owner's epoch is when the change is applied". */
  public static final long PRESENT_EPOCH = -1;

  public ChangeStamp withEpoch(long newEpoch) {
    return new ChangeStamp(id, owner, newEpoch, time, node);
  }

  public ChangeStamp withTime(Instant newTime) {
    return new ChangeStamp(id, owner, epoch, newTime, node);
  }
}
