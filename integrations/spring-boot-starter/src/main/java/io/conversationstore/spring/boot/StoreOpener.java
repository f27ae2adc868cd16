package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spring.boot.ConversationStoreProperties.Mode;
import io.conversationstore.spring.boot.ConversationStoreProperties.Retention;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.util.ClassUtils;

/** Opens the store that the properties ask for. */
final class StoreOpener {

  private static final Logger LOG = LoggerFactory.getLogger(StoreOpener.class);
  private static final boolean HAS_SPRING_JDBC =
      ClassUtils.isPresent(
          "org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy",
          StoreOpener.class.getClassLoader());

  private final ConversationStoreProperties properties;
  private final @Nullable DataSource dataSource;
  private final @Nullable ConversationStoreConnectionDetails connection;
  private final List<PostgresOptionsCustomizer> onPostgres;
  private final List<JsonFileOptionsCustomizer> onFiles;
  private final List<HybridOptionsCustomizer> onHybrid;

  /**
   * An opener.
   *
   * @param dataSource the only or primary one of the application, or null
   * @param connection replaces what the properties say about the database, or null
   */
  StoreOpener(
      ConversationStoreProperties properties,
      @Nullable DataSource dataSource,
      @Nullable ConversationStoreConnectionDetails connection,
      List<PostgresOptionsCustomizer> onPostgres,
      List<JsonFileOptionsCustomizer> onFiles,
      List<HybridOptionsCustomizer> onHybrid) {
    this.properties = properties;
    this.dataSource = dataSource;
    this.connection = connection;
    this.onPostgres = onPostgres;
    this.onFiles = onFiles;
    this.onHybrid = onHybrid;
  }

  /**
   * Opens the store.
   *
   * @throws StoreConfigurationException if properties are missing or contradictory
   */
  ConversationStore open() {
    Mode mode = properties.effectiveMode(connection != null);
    if (mode == Mode.JSONFILE && properties.namesDatabase(connection != null)) {
      LOG.info("The database is not used: conversation-store.mode selects local files");
    }
    return switch (mode) {
      case JSONFILE -> JsonFileStore.open(files(true));
      case POSTGRES -> PostgresStore.open(database(mode, true));
      case HYBRID -> HybridStore.open(database(mode, false), files(false), hybrid());
    };
  }

  /** The options of the files; in a hybrid store, retention is an option of the hybrid. */
  private JsonFileOptions files(boolean alone) {
    JsonFileOptions options =
        JsonFileOptions.in(properties.directory()).withDurability(properties.durability());
    if (alone) {
      options = options.withRetention(retention());
    }
    for (JsonFileOptionsCustomizer customizer : onFiles) {
      options = customizer.customize(options);
    }
    return options;
  }

  private PostgresOptions database(Mode mode, boolean alone) {
    PostgresOptions options =
        address(mode).withSchema(properties.schema()).withMigration(properties.migrate());
    if (alone) {
      options = options.withRetention(retention());
    }
    for (PostgresOptionsCustomizer customizer : onPostgres) {
      options = customizer.customize(options);
    }
    return options;
  }

  private PostgresOptions address(Mode mode) {
    if (connection != null) {
      return ownPool(connection.jdbcUrl()).withLogin(connection.username(), connection.password());
    }
    String url = properties.url();
    if (properties.useDataSource()) {
      if (url != null) {
        throw new StoreConfigurationException(
            "conversation-store.url and conversation-store.use-data-source are both set; unset one"
                + " of them");
      }
      if (dataSource == null) {
        throw new StoreConfigurationException(
            "conversation-store.use-data-source is true, but the application has no single or"
                + " primary DataSource bean; define one, or set conversation-store.url");
      }
      return PostgresOptions.dataSource(HAS_SPRING_JDBC ? Unwrapping.own(dataSource) : dataSource);
    }
    if (url == null) {
      throw new StoreConfigurationException(
          "conversation-store.mode is "
              + mode
              + ", but no property names a database; set conversation-store.url, or"
              + " conversation-store.use-data-source=true");
    }
    if (properties.username() == null) {
      return ownPool(url);
    }
    String password = properties.password();
    return ownPool(url).withLogin(properties.username(), password == null ? "" : password);
  }

  private PostgresOptions ownPool(String url) {
    int most = properties.poolSize();
    return PostgresOptions.url(url).withPoolSize(Math.min(2, most), most);
  }

  private HybridOptions hybrid() {
    CopyLimits limits = CopyLimits.DEFAULT;
    if (properties.localCopy().maxSize() != null) {
      limits = limits.withMaxBytes(properties.localCopy().maxSize().toBytes());
    }
    if (properties.localCopy().activeWithin() != null) {
      limits = limits.withActiveWithin(properties.localCopy().activeWithin());
    }
    HybridOptions options =
        HybridOptions.defaults()
            .withCopyLimits(limits)
            .withLocalData(properties.localData())
            .withRetention(retention());
    for (HybridOptionsCustomizer customizer : onHybrid) {
      options = customizer.customize(options);
    }
    return options;
  }

  private RetentionSchedule retention() {
    Retention rules = properties.retention();
    RetentionSchedule schedule = RetentionSchedule.OFF.withInterval(rules.interval());
    if (rules.messageAge() != null) {
      schedule = schedule.withMessageAge(rules.messageAge());
    }
    if (rules.archiveAfter() != null) {
      schedule = schedule.withArchiveAfter(rules.archiveAfter());
    }
    if (rules.purgeAfter() != null) {
      schedule = schedule.withPurgeAfter(rules.purgeAfter());
    }
    return schedule;
  }

  /** Loaded only where spring-jdbc is. */
  private static final class Unwrapping {

    private Unwrapping() {}

    /**
     * A source of connections of the store's own: it commits its work, so it must not get the
     * connection of the application's transaction.
     */
    static DataSource own(DataSource source) {
      return source instanceof TransactionAwareDataSourceProxy proxy
              && proxy.getTargetDataSource() != null
          ? proxy.getTargetDataSource()
          : source;
    }
  }
}
