package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.testkit.StoreFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One database for all tests of a contract: each works with tenants of its own. */
final class DatabaseFixture implements StoreFixture {

  private final PostgresOptions options;
  private final List<ConversationStore> open = new ArrayList<>();

  DatabaseFixture(PostgresOptions options) {
    // A loaded machine is no broken rule.
    this.options =
        options
            .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(90))
            .withStatementTimeouts(Duration.ofSeconds(80), Duration.ofSeconds(60))
            .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(60));
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.PERSISTS, Capability.SEPARATE_HANDLES);
  }

  @Override
  public ConversationStore open(StoreLimits limits) {
    ConversationStore store = PostgresStore.open(options.withLimits(limits));
    open.add(store);
    return store;
  }

  @Override
  public ConversationStore reopen() {
    close();
    return open();
  }

  @Override
  public ConversationStore another() {
    return open();
  }

  @Override
  public void close() {
    open.forEach(ConversationStore::close);
    open.clear();
  }
}
