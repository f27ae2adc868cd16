package io.conversationstore.hybrid.internal.restore;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.PrimaryStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies and counts changes offered to a database that went back in time. The ids of changes are
 * derived from their subjects, so nodes that offer the same rows, or one that offers them again
 * after an interruption, create the same change. Single-threaded.
 */
public final class OfferedChanges {

  private static final Logger LOG = LoggerFactory.getLogger(OfferedChanges.class);

  private final PrimaryStore primary;
  private final UUID node;
  private final Consumer<Change> keep;
  private long given;
  private long refused;

  /**
   * @param keep takes changes that the database refuses, to park them for an operator
   */
  public OfferedChanges(PrimaryStore primary, UUID node, Consumer<Change> keep) {
    this.primary = primary;
    this.node = node;
    this.keep = keep;
  }

  /** An id derived from its arguments; equal arguments give equal ids. */
  public static UUID id(Owner owner, Object... about) {
    StringBuilder name = new StringBuilder();
    part(name, owner.tenantId());
    part(name, owner.userId());
    for (Object each : about) {
      part(name, String.valueOf(each));
    }
    return UUID.nameUUIDFromBytes(name.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void part(StringBuilder name, String part) {
    name.append(part.length()).append(':').append(part);
  }

  public ChangeStamp stamp(UUID id, Owner owner, long epoch, Instant time) {
    return new ChangeStamp(id, owner, epoch, time, node);
  }

  /**
   * Applies a change; one that the database rejects permanently is kept.
   *
   * @return the result; empty if it was rejected
   * @throws EngineFailureException if the database fails
   */
  public Applied give(Change change) {
    try {
      return tryToGive(change);
    } catch (EngineFailureException failure) {
      throw failure;
    } catch (ConversationStoreException | IllegalArgumentException refusal) {
      LOG.debug("The database rejected change {}; the change is parked", change.id(), refusal);
      keep.accept(change);
      refused++;
      return Applied.of(false, List.of());
    }
  }

  /** Applies a change; fails if the database refuses it. */
  public Applied tryToGive(Change change) {
    Applied applied = primary.apply(change, ApplyMode.REPLAY);
    if (applied.changed()) {
      given++;
    }
    return applied;
  }

  /** Number of changes that had an effect. */
  long given() {
    return given;
  }

  /** Number of changes that were refused and kept. */
  public long refused() {
    return refused;
  }
}
