package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The rules of all stores, with a working database. */
class HybridContractTest extends StoreContract {

  private static final class Shared {
    private static final TestPostgres SERVER = TestPostgres.shared();
    private static final String DATABASE = SERVER.createDatabase();
  }

  @Override
  protected StoreFixture newFixture() {
    return new Fixture();
  }

  /** One database for all tests; one directory per node. */
  private static final class Fixture implements StoreFixture {
    private final Path root = TestDirectories.create();
    private final List<ConversationStore> open = new ArrayList<>();
    private int nodes;

    @Override
    public Set<Capability> capabilities() {
      return Set.of(Capability.PERSISTS, Capability.SEPARATE_HANDLES);
    }

    @Override
    public ConversationStore open(StoreLimits limits) {
      return node(0, limits);
    }

    private ConversationStore node(int number, StoreLimits limits) {
      ConversationStore store =
          HybridStore.open(
              PostgresOptions.url(Shared.SERVER.jdbcUrl(Shared.DATABASE))
                  .withLogin(Shared.SERVER.user(), Shared.SERVER.password())
                  .withPoolSize(0, 10),
              JsonFileOptions.in(root.resolve("node-" + number)),
              HybridOptions.defaults().withLimits(limits));
      open.add(store);
      return store;
    }

    @Override
    public ConversationStore reopen() {
      open.forEach(ConversationStore::close);
      open.clear();
      return open();
    }

    @Override
    public ConversationStore another() {
      return node(++nodes, StoreLimits.DEFAULT);
    }

    @Override
    public void close() {
      open.forEach(ConversationStore::close);
      TestDirectories.delete(root);
    }
  }
}
