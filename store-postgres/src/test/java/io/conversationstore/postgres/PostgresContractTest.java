package io.conversationstore.postgres;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import io.conversationstore.testkit.TestPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The rules of all stores, in PostgreSQL. */
class PostgresContractTest extends StoreContract {

  private static final class Shared {
    private static final TestPostgres SERVER = TestPostgres.shared();
    private static final String DATABASE = SERVER.createDatabase();
  }

  @Override
  protected StoreFixture newFixture() {
    return new Fixture();
  }

  /** One database for all tests: each works with tenants of its own. */
  private static final class Fixture implements StoreFixture {
    private final List<ConversationStore> open = new ArrayList<>();

    @Override
    public Set<Capability> capabilities() {
      return Set.of(Capability.PERSISTS, Capability.SEPARATE_HANDLES);
    }

    @Override
    public ConversationStore open(StoreLimits limits) {
      ConversationStore store =
          PostgresStore.open(
              PostgresOptions.url(Shared.SERVER.jdbcUrl(Shared.DATABASE))
                  .withLogin(Shared.SERVER.user(), Shared.SERVER.password())
                  .withLimits(limits));
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
}
