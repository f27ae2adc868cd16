package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.time.Instant;
import java.util.UUID;

/**
 * Identity and origin of a change.
 *
 * @param id the change's identity: the same change may be applied again after an unknown outcome
 * @param owner the owner of the changed data
 * @param epoch the owner's epoch known to the node; {@link #PRESENT_EPOCH} takes the store's
 *     present one
 * @param time when it was made, by the node's clock plus the last measured offset to the database,
 *     in microseconds
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
