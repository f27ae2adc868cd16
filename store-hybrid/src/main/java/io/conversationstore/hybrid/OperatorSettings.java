package io.conversationstore.hybrid;

import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Operators' settings from variables, other than the place of the database and the directory. Unset
 * ones keep the options' defaults. Immutable.
 */
final class OperatorSettings {

  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration SOCKET = Duration.ofSeconds(10);
  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Duration STATEMENT = Duration.ofSeconds(8);
  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final int CONNECTIONS = 10;
  private static final int IDLE_CONNECTIONS = 2;
  private static final int MOST_CONNECTIONS = 1_000;
  private static final int MOST_SECONDS = 86_400;

  /** A terabyte. */
  private static final int MOST_MEGABYTES = 1_000_000;

  /** Segments have at most 1 GiB. */
  private static final int MOST_SEGMENT_MEGABYTES = 1_073;

  private static final Duration LONGEST_SYNC_INTERVAL = Duration.ofHours(1);

  private static final int MOST_ROWS = 100_000;

  private static final int MOST_DAYS = 36_500;

  private static final List<String> SSL_MODES =
      List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  private static final String SSL_PARAMETER = "sslmode";

  private final VariableReader variables;

  private OperatorSettings(Map<String, String> environment) {
    this.variables = new VariableReader(environment);
  }

  /**
   * Reads all variables, so malformed ones are reported whichever store is opened.
   *
   * @throws StoreConfigurationException that names the variable
   */
  static OperatorSettings of(Map<String, String> environment) {
    OperatorSettings settings = new OperatorSettings(environment);
    settings.database(PostgresOptions.at("localhost", 1, "none"), Map.of());
    settings.files(JsonFileOptions.in(java.nio.file.Path.of("none")));
    settings.hybrid(HybridOptions.defaults());
    settings.hasLocalCopy();
    return settings;
  }

  /** Whether there is a local copy beside a database. */
  boolean hasLocalCopy() {
    return !Boolean.FALSE.equals(variables.onOff(Variable.LOCAL_COPY));
  }

  /**
   * @param parameters of the URL of the database, by the names of the JDBC driver
   */
  PostgresOptions database(PostgresOptions defaults, Map<String, String> parameters) {
    PostgresOptions options = defaults.withLimits(limits());
    String schema = variables.text(Variable.STORAGE_SCHEMA);
    if (schema != null) {
      try {
        options = options.withSchema(schema);
      } catch (StoreConfigurationException notASchema) {
        throw VariableReader.malformed(
            Variable.STORAGE_SCHEMA,
            "it must have 1 to 63 lower-case letters, digits and underscores");
      }
    }
    Boolean migration = variables.onOff(Variable.STORAGE_MIGRATION);
    options = migration == null ? options : options.withMigration(migration);
    int threshold = variables.number(Variable.STORAGE_PREPARE_THRESHOLD, 0, 1_000_000, -1);
    options = threshold < 0 ? options : options.withPrepareThreshold(threshold);
    Boolean rowSecurity = variables.onOff(Variable.STORAGE_ROW_SECURITY);
    options = rowSecurity == null ? options : options.withRowLevelSecurity(rowSecurity);
    Boolean search = variables.onOff(Variable.STORAGE_SEARCH_INDEX);
    options = search == null ? options : options.withSearch(search);
    RetentionSchedule retention = retention(RetentionSchedule.OFF);
    options = retention.isOn() ? options.withRetention(retention) : options;
    return withTimeouts(withPool(withSslMode(options, parameters)));
  }

  private PostgresOptions withSslMode(PostgresOptions options, Map<String, String> parameters) {
    String mode = variables.word(Variable.STORAGE_SSL_MODE, SSL_MODES);
    if (mode == null) {
      return options;
    }
    String inUrl = parameters.get(SSL_PARAMETER);
    if (inUrl != null && !inUrl.equalsIgnoreCase(mode)) {
      // Neither setting may weaken the other's demand.
      throw new StoreConfigurationException(
          Variable.STORAGE_SSL_MODE
              + " and the parameter sslmode of the database URL differ; unset one of them");
    }
    return options.withSslMode(mode);
  }

  private PostgresOptions withPool(PostgresOptions options) {
    PostgresOptions changed = options;
    int most = variables.number(Variable.STORAGE_POOL_SIZE, 1, MOST_CONNECTIONS, CONNECTIONS);
    int least =
        variables.number(
            Variable.STORAGE_POOL_MIN_SIZE, 0, MOST_CONNECTIONS, Math.min(most, IDLE_CONNECTIONS));
    if (least > most) {
      throw VariableReader.malformed(
          Variable.STORAGE_POOL_MIN_SIZE,
          "it must be at most " + Variable.STORAGE_POOL_SIZE + ", which is " + most);
    }
    if (variables.isSet(Variable.STORAGE_POOL_SIZE)
        || variables.isSet(Variable.STORAGE_POOL_MIN_SIZE)) {
      changed = changed.withPoolSize(least, most);
    }
    Duration wait = variables.millis(Variable.STORAGE_POOL_TIMEOUT_MS, 1);
    return wait == null ? changed : changed.withPoolTimeouts(IDLE, wait);
  }

  private PostgresOptions withTimeouts(PostgresOptions options) {
    PostgresOptions changed = options;
    Duration connect = variables.millis(Variable.STORAGE_CONNECT_TIMEOUT_MS, 1);
    Duration socket = variables.millis(Variable.STORAGE_SOCKET_TIMEOUT_MS, 1);
    if (connect != null || socket != null) {
      changed = changed.withNetworkTimeouts(or(connect, CONNECT), or(socket, SOCKET));
    }
    Duration statement = variables.seconds(Variable.STORAGE_STATEMENT_TIMEOUT_S, 0, MOST_SECONDS);
    Duration lock = variables.millis(Variable.STORAGE_LOCK_TIMEOUT_MS, 1);
    if (statement != null || lock != null) {
      changed = changed.withStatementTimeouts(or(statement, STATEMENT), or(lock, LOCK));
    }
    Duration removal = variables.seconds(Variable.STORAGE_REMOVAL_TIMEOUT_S, 1, MOST_SECONDS);
    changed = removal == null ? changed : changed.withRemovalTimeout(removal);
    Duration slow = variables.millis(Variable.STORAGE_SLOW_CALL_MS, 0);
    return slow == null ? changed : changed.withSlowCallLog(slow);
  }

  JsonFileOptions files(JsonFileOptions defaults) {
    JsonFileOptions options = defaults.withLimits(limits());
    Duration wait = variables.millis(Variable.LOCAL_LOCK_WAIT_MS, 0);
    options = wait == null ? options : options.withLockWait(wait);
    return withDurability(
        options
            .withCacheBytes(
                variables.megabytes(
                    Variable.LOCAL_CACHE_MB, 0, MOST_MEGABYTES, options.cacheBytes()))
            .withQueueBytes(
                variables.megabytes(
                    Variable.LOCAL_QUEUE_MB, 1, MOST_MEGABYTES, options.queueBytes()))
            .withSegmentBytes(
                variables.megabytes(
                    Variable.LOCAL_SEGMENT_MB, 1, MOST_SEGMENT_MEGABYTES, options.segmentBytes()))
            .withCompactionBytes(
                variables.megabytes(
                    Variable.LOCAL_COMPACTION_MB, 1, MOST_MEGABYTES, options.compactionBytes()))
            .withCompactionBytesPerSecond(
                variables.megabytes(
                    Variable.LOCAL_COMPACTION_MB_PER_S,
                    1,
                    MOST_MEGABYTES,
                    options.compactionBytesPerSecond())));
  }

  private JsonFileOptions withDurability(JsonFileOptions options) {
    String durability =
        variables.word(Variable.LOCAL_DURABILITY, List.of("each_write", "interval", "system"));
    Duration interval = variables.millis(Variable.LOCAL_SYNC_INTERVAL_MS, 1);
    if (interval != null && interval.compareTo(LONGEST_SYNC_INTERVAL) > 0) {
      throw VariableReader.malformed(
          Variable.LOCAL_SYNC_INTERVAL_MS, "it must be 1 to " + LONGEST_SYNC_INTERVAL.toMillis());
    }
    if (interval != null && !"interval".equals(durability)) {
      // An interval alone must not weaken the meaning of an acknowledgement.
      throw new StoreConfigurationException(
          Variable.LOCAL_SYNC_INTERVAL_MS
              + " is set, but "
              + Variable.LOCAL_DURABILITY
              + " is not interval; set it to interval, or unset "
              + Variable.LOCAL_SYNC_INTERVAL_MS);
    }
    if (durability == null) {
      return options;
    }
    JsonFileOptions changed =
        options.withDurability(Durability.valueOf(durability.toUpperCase(Locale.ROOT)));
    return interval == null ? changed : changed.withSyncInterval(interval);
  }

  HybridOptions hybrid(HybridOptions defaults) {
    HybridOptions options = defaults.withLimits(limits());
    Duration interval = variables.millis(Variable.LOCAL_COPY_INTERVAL_MS, 1);
    options = interval == null ? options : options.withMirrorInterval(interval);
    int page = variables.number(Variable.LOCAL_COPY_PAGE, 1, MOST_ROWS, options.feedPage());
    int batch = variables.number(Variable.STORAGE_DRAIN_BATCH, 1, MOST_ROWS, options.drainBatch());
    Duration first = or(variables.millis(Variable.STORAGE_FIRST_PROBE_MS, 1), options.firstProbe());
    Duration longest =
        or(variables.millis(Variable.STORAGE_LONGEST_PROBE_MS, 1), options.longestProbe());
    if (first.compareTo(longest) > 0) {
      throw new StoreConfigurationException(
          Variable.STORAGE_FIRST_PROBE_MS
              + " must be at most "
              + Variable.STORAGE_LONGEST_PROBE_MS
              + ", but they are "
              + first.toMillis()
              + " and "
              + longest.toMillis());
    }
    return options
        .withFeedPage(page)
        .withDrainBatch(batch)
        .withProbes(first, longest)
        .withRetention(retention(options.retention()));
  }

  private RetentionSchedule retention(RetentionSchedule defaults) {
    RetentionSchedule schedule = defaults;
    Duration messages = variables.days(Variable.RETENTION_MESSAGE_DAYS, 1, MOST_DAYS);
    schedule = messages == null ? schedule : schedule.withMessageAge(messages);
    Duration idle = variables.days(Variable.RETENTION_ARCHIVE_DAYS, 1, MOST_DAYS);
    schedule = idle == null ? schedule : schedule.withArchiveAfter(idle);
    Duration deleted =
        variables.days(
            Variable.RETENTION_PURGE_DAYS,
            (int) RetentionSchedule.SHORTEST_PURGE_AFTER.toDays(),
            MOST_DAYS);
    return deleted == null ? schedule : schedule.withPurgeAfter(deleted);
  }

  private StoreLimits limits() {
    StoreLimits standard = StoreLimits.DEFAULT;
    int message = bytes(Variable.STORAGE_MAX_MESSAGE_BYTES, standard.maxMessageBytes());
    return standard
        .withMaxMessageBytes(message)
        .withMaxMetadataBytes(
            bytes(Variable.STORAGE_MAX_METADATA_BYTES, standard.maxMetadataBytes()))
        .withMaxJsonDepth(
            variables.number(
                Variable.STORAGE_MAX_JSON_DEPTH,
                1,
                StoreLimits.MAX_JSON_DEPTH,
                standard.maxJsonDepth()))
        .withMaxMessagesPerAppend(
            variables.number(
                Variable.STORAGE_MAX_MESSAGES_PER_APPEND,
                1,
                Integer.MAX_VALUE,
                standard.maxMessagesPerAppend()))
        // A message of the allowed size must also fit into a save.
        .withMaxBulkBytes(
            bytes(Variable.STORAGE_MAX_BULK_BYTES, Math.max(message, standard.maxBulkBytes())))
        .withMaxUserMessageCharacters(
            variables.number(
                Variable.STORAGE_MAX_USER_MESSAGE_CHARACTERS,
                1,
                Integer.MAX_VALUE,
                standard.maxUserMessageCharacters()));
  }

  private int bytes(Variable variable, int standard) {
    return variables.number(variable, 1, StoreLimits.MAX_BYTES, standard);
  }

  private static Duration or(@Nullable Duration set, Duration standard) {
    return set == null ? standard : set;
  }
}
