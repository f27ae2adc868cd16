package io.conversationstore.spring.boot;

import io.conversationstore.hybrid.LocalData;
import io.conversationstore.jsonfile.Durability;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties of the store. Immutable; its text does not show the password.
 *
 * @param enabled Whether to open a store.
 * @param mode Where conversations are stored. Hybrid if a URL or the data source of the application
 *     is set, otherwise local files.
 * @param directory Directory of the local files, for one process at a time.
 * @param url JDBC URL of the database, such as jdbc:postgresql://host:5432/chat.
 * @param username User of the database.
 * @param password Password of the database.
 * @param useDataSource Whether to use the DataSource bean of the application instead of a pool of
 *     the store. It needs a socket time-out.
 * @param schema Schema of the tables.
 * @param migrate Whether to create and migrate the tables.
 * @param poolSize Maximum number of connections of the store's own pool.
 * @param durability When an acknowledged write is forced to the local disk.
 * @param localData Handling of local files that were filled before they met a database.
 * @param localCopy Limits of the local copy of a database.
 * @param retention Retention by schedule. Off without a rule.
 * @param springAi Chat memory of Spring AI.
 */
@ConfigurationProperties("conversation-store")
public record ConversationStoreProperties(
    @DefaultValue("true") boolean enabled,
    @Nullable Mode mode,
    @DefaultValue("data") Path directory,
    @Nullable String url,
    @Nullable String username,
    @Nullable String password,
    @DefaultValue("false") boolean useDataSource,
    @DefaultValue("conversation_store") String schema,
    @DefaultValue("true") boolean migrate,
    @DefaultValue("10") int poolSize,
    @DefaultValue("each-write") Durability durability,
    @DefaultValue("adopt") LocalData localData,
    @DefaultValue LocalCopy localCopy,
    @DefaultValue Retention retention,
    @DefaultValue SpringAi springAi) {

  /** Where conversations are stored. */
  public enum Mode {
    /** PostgreSQL with a local copy, which takes over while the database is away. */
    HYBRID,
    /** PostgreSQL alone. Calls fail while the database is away. */
    POSTGRES,
    /** Local files alone. */
    JSONFILE
  }

  /**
   * Limits of the local copy.
   *
   * @param maxSize Maximum size of its files, at least 1MB. A quarter of the disk and at most 4 GB
   *     by default.
   * @param activeWithin Age of the last update after which the contents of a conversation leave the
   *     copy. Any age by default.
   */
  public record LocalCopy(@Nullable DataSize maxSize, @Nullable Duration activeWithin) {}

  /**
   * Retention that the store runs by itself.
   *
   * @param messageAge Age after which messages are deleted, except those of pinned conversations.
   * @param archiveAfter Time without use after which conversations are archived.
   * @param purgeAfter Time after which rows of deleted messages are removed, at least 30d.
   * @param interval Time between two runs, 1m to 7d.
   */
  public record Retention(
      @Nullable Duration messageAge,
      @Nullable Duration archiveAfter,
      @Nullable Duration purgeAfter,
      @DefaultValue("1h") Duration interval) {}

  /**
   * Chat memory of Spring AI.
   *
   * @param tenant Tenant of all conversations, unless a bean of type ConversationPlaces says
   *     otherwise.
   * @param user User of all conversations, unless a bean of type ConversationPlaces says otherwise.
   * @param maxMessages Messages of a chat that the model is given, 1 to 1000.
   */
  public record SpringAi(
      @DefaultValue("default") String tenant,
      @DefaultValue("default") String user,
      @DefaultValue("20") int maxMessages) {}

  /** The mode that is set, or that follows from whether a database is named. */
  Mode effectiveMode(boolean hasConnectionDetails) {
    if (mode != null) {
      return mode;
    }
    return namesDatabase(hasConnectionDetails) ? Mode.HYBRID : Mode.JSONFILE;
  }

  boolean namesDatabase(boolean hasConnectionDetails) {
    return url != null || useDataSource || hasConnectionDetails;
  }

  @Override
  public String toString() {
    return "ConversationStoreProperties[mode=" + mode + ", directory=" + directory + "]";
  }
}
