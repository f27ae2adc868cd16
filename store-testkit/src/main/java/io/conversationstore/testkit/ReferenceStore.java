package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.UuidV7;
import java.time.Clock;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The reference model: a store in memory, as simple as possible, with which others are compared.
 * Not optimised for speed.
 */
public final class ReferenceStore {

  private static final UUID NODE = new UUID(0x8000L, 0x8000_0000_0000_0000L);

  private ReferenceStore() {}

  /** An empty store with the time of {@code clock}. */
  public static ConversationStore create(Clock clock) {
    return create(clock, StoreLimits.DEFAULT);
  }

  /** An empty store with the given limits. */
  public static ConversationStore create(Clock clock, StoreLimits limits) {
    return over(engine(clock), limits, clock);
  }

  /** The engine alone, for tests of code that works on engines. */
  public static StoreEngine engine(Clock clock) {
    return new ReferenceEngine(clock);
  }

  /** A store over any engine, with ids from a fixed seed. */
  static ConversationStore over(StoreEngine engine, StoreLimits limits, Clock clock) {
    return new DefaultConversationStore(
        engine, limits, clock, new UuidV7(clock, RandomGenerator.of("L64X128MixRandom")), NODE);
  }
}
