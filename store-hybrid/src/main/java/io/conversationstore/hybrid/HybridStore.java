package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.hybrid.internal.connection.AbsentPrimary;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.internal.DaemonTimer;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.UuidV7;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store that keeps working without its database: it writes to PostgreSQL and to local files,
 * reads from PostgreSQL first, falls back to the files, and sends the writes of an outage when the
 * database returns.
 *
 * <p>It opens even while the database is away. One directory belongs to one node and, from the
 * first contact on, to one database.
 */
public final class HybridStore {

  private static final Logger LOG = LoggerFactory.getLogger(HybridStore.class);

  private HybridStore() {}

  /**
   * Opens the store.
   *
   * @throws StoreConfigurationException if the directory belongs to another database, or holds data
   *     that must not be sent ({@link HybridOptions#withLocalData})
   * @throws io.conversationstore.StoreLockedException if another store uses the directory
   * @throws io.conversationstore.StoreDamagedException if the local files are damaged
   */
  public static ConversationStore open(
      PostgresOptions database, JsonFileOptions files, HybridOptions options) {
    LocalStore local = JsonFileStore.openEngine(files);
    PrimaryStore primary;
    try {
      // Before the first use of the database: opening it may migrate its schema.
      requireAllowed(local, options, String.valueOf(files.directory()));
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

  /**
   * Opens the store over other engines and closes them with it. For authors of stores and for
   * tests.
   */
  public static ConversationStore over(
      PrimaryStore primary, LocalStore local, HybridOptions options) {
    return over(primary, local, options, new ThreadScheduler());
  }

  /** Like the public method, with another scheduler than threads: for simulations. */
  static ConversationStore over(
      PrimaryStore primary, LocalStore local, HybridOptions options, NodeScheduler scheduler) {
    return over(primary, local, options, scheduler, new DaemonTimer());
  }

  /** The same with another timer for retention than threads: for tests. */
  static ConversationStore over(
      PrimaryStore primary,
      LocalStore local,
      HybridOptions options,
      NodeScheduler scheduler,
      JobTimer timer) {
    try {
      requireAllowed(local, options, "of the local files");
      local.awaitDatabase();
      String place = primary.place();
      if (place != null && local.identity().storeId() == null) {
        local.rememberPlace(place);
      }
      HybridWiring node = new HybridWiring(primary, local, options, scheduler);
      start(node);
      return new DefaultConversationStore(
              node.engine(),
              options.limits(),
              options.clock(),
              new UuidV7(options.clock(), options.random()),
              local.identity().node())
          .withRetention(options.retention(), node.claims(), timer, LOG::info, LOG::warn);
    } catch (RuntimeException e) {
      primary.close();
      local.close();
      throw e;
    }
  }

  /**
   * Opens a directory without a configured database. A directory that never met a database, and
   * keeps nothing for one, is the authority over its contents. Any other behaves as while its
   * database is away: reads answer from the local copy; writes are acknowledged, and sent when it
   * is opened with the database again.
   *
   * @throws io.conversationstore.StoreLockedException if another store uses the directory
   * @throws io.conversationstore.StoreDamagedException if the local files are damaged
   */
  public static ConversationStore openWithoutDatabase(
      JsonFileOptions files, HybridOptions options) {
    return withoutDatabase(JsonFileStore.openEngine(files), files, options, new ThreadScheduler());
  }

  /** Like the public method, over an open directory: for simulations. */
  static ConversationStore withoutDatabase(
      LocalStore local, JsonFileOptions files, HybridOptions options, NodeScheduler scheduler) {
    return withoutDatabase(local, files, options, scheduler, new DaemonTimer());
  }

  /** The same with another timer for retention than threads: for tests. */
  static ConversationStore withoutDatabase(
      LocalStore local,
      JsonFileOptions files,
      HybridOptions options,
      NodeScheduler scheduler,
      JobTimer timer) {
    if (!belongsToDatabase(local)) {
      return new DefaultConversationStore(
              local, files.limits(), files.clock(), files.ids(), local.identity().node())
          .withRetention(
              options.retention(), JobClaims.alone(files.clock()), timer, LOG::info, LOG::warn);
    }
    String place = local.identity().place();
    return over(
        AbsentPrimary.because(
            "no database is configured, but the directory "
                + files.directory()
                + " belongs to the database "
                + (place == null ? "with the store id " + local.identity().storeId() : place)
                + "; configure that database again to send the pending changes"),
        local,
        options,
        scheduler,
        timer);
  }

  private static boolean belongsToDatabase(LocalStore local) {
    return local.identity().storeId() != null || local.hasPending() || !local.parked().isEmpty();
  }

  private static void requireAllowed(LocalStore local, HybridOptions options, String directory) {
    LocalStore.Unmet unmet = local.unmet();
    if (options.localData() == LocalData.REFUSE && !unmet.isEmpty()) {
      throw new StoreConfigurationException(
          "the directory "
              + directory
              + " contains "
              + unmet.conversations()
              + " conversations with "
              + unmet.messages()
              + " messages of "
              + unmet.owners()
              + " users that the database does not have, and LOCAL_DATA=refuse (or"
              + " HybridOptions.withLocalData) forbids sending them; nothing was changed. Set"
              + " LOCAL_DATA=adopt to send them, or use another directory");
    }
  }

  private static void start(HybridWiring node) {
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
