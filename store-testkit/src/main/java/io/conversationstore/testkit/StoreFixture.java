package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import java.time.Duration;
import java.util.Set;

/**
 * What a store's module gives to {@link StoreContract}: where stores under test come from. A new
 * fixture is made for each test. It may lie over data that earlier tests left: each test works with
 * tenants of its own and erases them at its end.
 */
public interface StoreFixture extends AutoCloseable {

  /** What a store can do beyond what all can; tests that need it are skipped for the others. */
  enum Capability {
    /** {@link StoreFixture#reopen()} works, and everything is still there afterwards. */
    PERSISTS,
    /** {@link StoreFixture#advance} moves the time that the store goes by. */
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
   * Opens one more store over the same data, as another process would; {@link #close} closes it.
   * Needs {@link Capability#SEPARATE_HANDLES}.
   */
  default ConversationStore another() {
    throw new UnsupportedOperationException("this store has one handle only");
  }

  /** Moves the store's time on. Needs {@link Capability#MANUAL_CLOCK}. */
  default void advance(Duration by) {
    throw new UnsupportedOperationException("this store's clock cannot be moved");
  }

  /** Closes all that was opened and removes what only this test needs. */
  @Override
  void close();
}
