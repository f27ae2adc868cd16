package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import java.time.Duration;
import java.util.Set;

/**
 * Supplies {@link StoreContract} with stores under test; implemented by a store's module. A new
 * fixture is made for each test. It may use data left by earlier tests: each test works with its
 * own tenants and erases them at its end.
 */
public interface StoreFixture extends AutoCloseable {

  /** Optional abilities of a store; tests that need a missing one are skipped. */
  enum Capability {
    /** {@link StoreFixture#reopen()} works and keeps all data. */
    PERSISTS,
    /** {@link StoreFixture#advance} moves the store's time. */
    MANUAL_CLOCK,
    /** {@link StoreFixture#another()} works. */
    SEPARATE_HANDLES
  }

  Set<Capability> capabilities();

  /** Opens the store under test with default limits. Called once, before anything else. */
  default ConversationStore open() {
    return open(StoreLimits.DEFAULT);
  }

  /** Opens the store under test with these limits; instead of {@link #open()}. */
  ConversationStore open(StoreLimits limits);

  /** Closes the store and opens it again over the same data. Needs {@link Capability#PERSISTS}. */
  default ConversationStore reopen() {
    throw new UnsupportedOperationException("this store does not persist");
  }

  /**
   * Opens another store over the same data, as another process would; {@link #close} closes it.
   * Needs {@link Capability#SEPARATE_HANDLES}.
   */
  default ConversationStore another() {
    throw new UnsupportedOperationException("this store has one handle only");
  }

  /** Advances the store's time. Needs {@link Capability#MANUAL_CLOCK}. */
  default void advance(Duration by) {
    throw new UnsupportedOperationException("this store's clock cannot be moved");
  }

  /** Closes all opened stores and removes the data of this test. */
  @Override
  void close();
}
