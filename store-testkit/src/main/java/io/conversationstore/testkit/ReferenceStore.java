package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.StoreFront;
import io.conversationstore.spi.UuidV7;
import java.time.Clock;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The reference model: a store in memory that is as simple as it can be, against which others are
 * compared. It is not made for speed.
 */
public final class ReferenceStore {

  private static final UUID NODE = new UUID(0x8000L, 0x8000_0000_0000_0000L);

  private ReferenceStore() {}

  /** An empty store that tells the time by {@code clock}. */
  public static ConversationStore create(Clock clock) {
    return create(clock, StoreLimits.DEFAULT);
  }

  /** An empty store with limits of its own. */
  public static ConversationStore create(Clock clock, StoreLimits limits) {
    return over(engine(clock), limits, clock);
  }

  /** The engine alone, for tests of what works on engines. */
  public static StoreEngine engine(Clock clock) {
    return new ReferenceEngine(clock);
  }

  /** A store over any engine, with ids from a fixed seed. */
  static ConversationStore over(StoreEngine engine, StoreLimits limits, Clock clock) {
    return new StoreFront(
        engine, limits, clock, new UuidV7(clock, RandomGenerator.of("L64X128MixRandom")), NODE);
  }
}
