package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.StoreFront;
import io.conversationstore.spi.UuidV7;

/**
 * The store that goes on working when the database does not: it writes to PostgreSQL and to local
 * files, reads PostgreSQL first, falls back to the files, and sends what was written meanwhile when
 * the database returns.
 *
 * <p>A database that is away does not stop it from opening. One directory belongs to one node and,
 * from the first contact on, to one database.
 */
public final class HybridStore {

  private HybridStore() {}

  /**
   * Opens the store.
   *
   * @throws io.conversationstore.StoreConfigurationException if the directory belongs to another
   *     database, or was filled without one
   * @throws io.conversationstore.StoreLockedException if another store uses the directory
   * @throws io.conversationstore.StoreDamagedException if the local files are damaged
   */
  public static ConversationStore open(
      PostgresOptions database, JsonFileOptions files, HybridOptions options) {
    LocalStore local = JsonFileStore.openEngine(files);
    PrimaryStore primary;
    try {
      primary = PostgresStore.openEngine(database, local.identity().storeId() != null);
    } catch (RuntimeException e) {
      local.close();
      throw e;
    }
    return over(primary, local, options);
  }

  /** Opens the store with the defaults. */
  public static ConversationStore open(PostgresOptions database, JsonFileOptions files) {
    return open(database, files, HybridOptions.defaults());
  }

  /** Opens the store over other engines, which it closes. For authors of stores and for tests. */
  public static ConversationStore over(
      PrimaryStore primary, LocalStore local, HybridOptions options) {
    return over(primary, local, options, new ThreadClockwork());
  }

  /** Like the public one, with something else than threads beside the calls: for simulations. */
  static ConversationStore over(
      PrimaryStore primary, LocalStore local, HybridOptions options, Clockwork clockwork) {
    try {
      Contacts.requireMirror(local);
      HybridNode node = new HybridNode(primary, local, options, clockwork);
      start(node);
      return new StoreFront(
          new HybridEngine(primary, node),
          options.limits(),
          options.clock(),
          new UuidV7(options.clock(), options.random()),
          local.identity().node());
    } catch (RuntimeException e) {
      primary.close();
      local.close();
      throw e;
    }
  }

  private static void start(HybridNode node) {
    boolean started = false;
    try {
      node.start();
      started = true;
    } finally {
      if (!started) {
        node.close();
      }
    }
  }
}
