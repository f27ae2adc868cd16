package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators set by variables besides the place of the database and the directory. What is not
 * set keeps the default of the options. Immutable.
 */
final class OperatorSettings {

  private static final int MOST_MILLIS = 86_400_000;

  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration SOCKET = Duration.ofSeconds(10);
  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Duration STATEMENT = Duration.ofSeconds(8);
  private static final Duration LOCK = Duration.ofSeconds(5);
  private static final int IDLE_CONNECTIONS = 2;

  private final Map<String, String> environment;

  private OperatorSettings(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /**
   * Reads them all, so that what is malformed is told whichever store is opened.
   *
   * @throws StoreConfigurationException that names the variable
   */
  static OperatorSettings of(Map<String, String> environment) {
    OperatorSettings settings = new OperatorSettings(environment);
    settings.database(PostgresOptions.at("localhost", 1, "none"));
    settings.files(JsonFileOptions.in(java.nio.file.Path.of("none")));
    settings.hybrid(HybridOptions.defaults());
    settings.hasLocalCopy();
    return settings;
  }

  /** Whether there is a local copy beside a database. */
  boolean hasLocalCopy() {
    return !Boolean.FALSE.equals(onOff(Variable.LOCAL_COPY));
  }

  PostgresOptions database(PostgresOptions defaults) {
    PostgresOptions options = defaults.withLimits(limits());
    String schema = Settings.value(environment, Variable.STORAGE_SCHEMA);
    if (schema != null) {
      try {
        options = options.withSchema(schema);
      } catch (StoreConfigurationException notASchema) {
        throw DatabaseSettings.malformed(
            Variable.STORAGE_SCHEMA.name(),
            "it must be lower-case letters, digits and underscores, up to 63 characters");
      }
    }
    Boolean migration = onOff(Variable.STORAGE_MIGRATION);
    options = migration == null ? options : options.withMigration(migration);
    int pool = number(Variable.STORAGE_POOL_SIZE, 1, 1_000);
    options = pool < 0 ? options : options.withPoolSize(Math.min(pool, IDLE_CONNECTIONS), pool);
    Duration wait = millis(Variable.STORAGE_POOL_TIMEOUT_MS, 1);
    options = wait == null ? options : options.withPoolTimeouts(IDLE, wait);
    Duration connect = millis(Variable.STORAGE_CONNECT_TIMEOUT_MS, 1);
    Duration socket = millis(Variable.STORAGE_SOCKET_TIMEOUT_MS, 1);
    if (connect != null || socket != null) {
      options = options.withNetworkTimeouts(or(connect, CONNECT), or(socket, SOCKET));
    }
    int statement = number(Variable.STORAGE_STATEMENT_TIMEOUT_S, 0, 86_400);
    Duration lock = millis(Variable.STORAGE_LOCK_TIMEOUT_MS, 1);
    if (statement >= 0 || lock != null) {
      options =
          options.withStatementTimeouts(
              statement < 0 ? STATEMENT : Duration.ofSeconds(statement), or(lock, LOCK));
    }
    int threshold = number(Variable.STORAGE_PREPARE_THRESHOLD, 0, 1_000_000);
    options = threshold < 0 ? options : options.withPrepareThreshold(threshold);
    Boolean rowSecurity = onOff(Variable.STORAGE_ROW_SECURITY);
    options = rowSecurity == null ? options : options.withRowLevelSecurity(rowSecurity);
    Boolean search = onOff(Variable.STORAGE_SEARCH_INDEX);
    options = search == null ? options : options.withSearch(search);
    Duration slow = millis(Variable.STORAGE_SLOW_CALL_MS, 0);
    return slow == null ? options : options.withSlowCallLog(slow);
  }

  JsonFileOptions files(JsonFileOptions defaults) {
    JsonFileOptions options = defaults.withLimits(limits());
    Duration wait = millis(Variable.LOCAL_LOCK_WAIT_MS, 0);
    options = wait == null ? options : options.withLockWait(wait);
    String durability = Settings.value(environment, Variable.LOCAL_DURABILITY);
    if (durability == null) {
      return options;
    }
    return switch (durability.toLowerCase(Locale.ROOT)) {
      case "each_write" -> options.withDurability(Durability.EACH_WRITE);
      case "interval" -> options.withDurability(Durability.INTERVAL);
      case "system" -> options.withDurability(Durability.SYSTEM);
      default ->
          throw DatabaseSettings.malformed(
              Variable.LOCAL_DURABILITY.name(), "it must be each_write, interval or system");
    };
  }

  HybridOptions hybrid(HybridOptions defaults) {
    HybridOptions options = defaults.withLimits(limits());
    Duration interval = millis(Variable.LOCAL_COPY_INTERVAL_MS, 1);
    return interval == null ? options : options.withMirrorInterval(interval);
  }

  private StoreLimits limits() {
    StoreLimits limits = StoreLimits.DEFAULT;
    int bytes = number(Variable.STORAGE_MAX_MESSAGE_BYTES, 1, StoreLimits.MAX_BYTES);
    return bytes < 0
        ? limits
        : new StoreLimits(
            bytes,
            limits.maxMetadataBytes(),
            limits.maxJsonDepth(),
            limits.maxMessagesPerAppend(),
            Math.max(bytes, limits.maxBulkBytes()),
            limits.maxUserMessageCharacters());
  }

  private static Duration or(@Nullable Duration set, Duration standard) {
    return set == null ? standard : set;
  }

  private @Nullable Duration millis(Variable variable, int least) {
    int millis = number(variable, least, MOST_MILLIS);
    return millis < 0 ? null : Duration.ofMillis(millis);
  }

  /** A number; -1 where it is not set. */
  private int number(Variable variable, int least, int most) {
    String text = Settings.value(environment, variable);
    if (text == null) {
      return -1;
    }
    int number;
    try {
      number = Integer.parseInt(text);
    } catch (NumberFormatException notANumber) {
      throw DatabaseSettings.malformed(variable.name(), "it is not a whole number");
    }
    if (number < least || number > most) {
      throw DatabaseSettings.malformed(variable.name(), "it must be " + least + " to " + most);
    }
    return number;
  }

  private @Nullable Boolean onOff(Variable variable) {
    String text = Settings.value(environment, variable);
    if (text == null) {
      return null;
    }
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "on", "true", "yes" -> true;
      case "off", "false", "no" -> false;
      default -> throw DatabaseSettings.malformed(variable.name(), "it must be on or off");
    };
  }
}
