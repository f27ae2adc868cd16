package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.internal.adoption.TakenOverStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.transfer.Takeover;
import io.conversationstore.transfer.TransferOptions;
import io.conversationstore.transfer.TransferReport;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Opens the store that the environment asks for: PostgreSQL with a local copy if a database is
 * configured, local files alone otherwise. An application needs no other line for either.
 *
 * <p>Variables, in order of precedence; an empty one counts as not set:
 *
 * <table>
 *   <caption>Variables</caption>
 *   <tr><th>Variable</th><th>Meaning</th></tr>
 *   <tr><td>{@code STORAGE_TYPE}</td><td>{@code postgres}, or {@code jsonfile} for local files
 *       whatever else is set; if not set, a database is used when one is named</td></tr>
 *   <tr><td>{@code STORAGE_CONNECTION_URL}</td><td>{@code
 *       postgresql://user:password@host:port/database?sslmode=require}</td></tr>
 *   <tr><td>{@code DATABASE_URL}</td><td>the same</td></tr>
 *   <tr><td>{@code DB_HOST}, {@code DB_PORT}, {@code DB_NAME}, {@code DB_USER}, {@code
 *       DB_PASSWORD}</td><td>port 5432 if not set</td></tr>
 *   <tr><td>{@code POSTGRES_HOST}, {@code POSTGRES_PORT}, {@code POSTGRES_DB}, {@code
 *       POSTGRES_USER}, {@code POSTGRES_PASSWORD}</td><td>the same</td></tr>
 *   <tr><td>{@code DATA_PATH}</td><td>the directory of the local files; {@code data} if not
 *       set</td></tr>
 *   <tr><td>{@code IMPORT_TENANT}, {@code IMPORT_USER}</td><td>owner of the conversations imported
 *       from a file, see below; {@code default} if not set</td></tr>
 *   <tr><td>{@code LOCAL_COPY_DAYS}, {@code LOCAL_COPY_MB}</td><td>limits of the local copy:
 *       contents of conversations updated within so many days, any age if not set; megabytes of
 *       the disk, {@code all} for the whole database, a quarter of the disk and at most 4000 if
 *       not set. See {@link io.conversationstore.CopyLimits}</td></tr>
 *   <tr><td>{@code LOCAL_COPY}</td><td>{@code off} for PostgreSQL alone, without a directory: while
 *       the database is away, calls fail</td></tr>
 *   <tr><td>{@code LOCAL_DATA}</td><td>handling of local files that were filled before they met a
 *       database: {@code adopt} sends them to it (the default), {@code refuse} is an error. See
 *       {@link LocalData}</td></tr>
 * </table>
 *
 * <p>{@code docs/configuration.md} lists these and the variables for pool, time-outs, schema and
 * files.
 *
 * <p>Variables that name a database must all name the same one (host, port and database); the login
 * comes from the first. An incomplete group of lower precedence is ignored with a line in the log,
 * as is a URL of another kind of database. A service port set by Kubernetes ({@code
 * tcp://10.0.0.1:5432}) counts only beside a host. Malformed or contradictory values are a {@link
 * io.conversationstore.StoreConfigurationException} that names the variable and never shows a
 * value.
 *
 * <p>URL parameters are those of libpq or of the JDBC driver. Parameters of other clients and pools
 * are ignored with a line in the log. An unknown parameter, or a demand that cannot be met, is an
 * error that names the parameter.
 *
 * <p>A file {@code conversations.json} in the directory, as written by programs without a store, is
 * imported at first start, before this returns; see {@link Takeover}. A damaged file does not stop
 * the store: it stays unchanged and an error is logged. Erasing its owner removes the file. The
 * database remembers imports, so a file in a container image is not imported twice.
 */
public final class ConversationStores {

  private static final Logger LOG = LoggerFactory.getLogger(ConversationStores.class);

  private ConversationStores() {}

  /**
   * Opens the store that the variables of this process ask for.
   *
   * @throws io.conversationstore.StoreConfigurationException if they are malformed or contradictory
   * @throws io.conversationstore.StoreLockedException if another store uses the directory
   * @throws io.conversationstore.StoreDamagedException if the local files are damaged
   * @throws io.conversationstore.transfer.TransferException if the store fails while it imports a
   *     file
   */
  public static ConversationStore fromEnvironment() {
    return from(System.getenv());
  }

  /** Like {@link #fromEnvironment()} with the given variables. */
  public static ConversationStore from(Map<String, String> environment) {
    Settings settings = Settings.of(environment);
    settings.notes().forEach(LOG::info);
    if (settings.remark() != null) {
      LOG.warn("{}; using the local files in {}", settings.remark(), settings.directory());
    }
    OperatorSettings operator = OperatorSettings.of(environment);
    JsonFileOptions files = operator.files(JsonFileOptions.in(settings.directory()));
    DatabaseSettings database = settings.database();
    if (!operator.hasLocalCopy()) {
      return withoutLocalCopy(settings, operator, files);
    }
    requireWritable(settings.directory(), database != null);
    HybridOptions options =
        operator
            .hybrid(HybridOptions.defaults())
            .withCopyLimits(settings.copyLimits())
            .withLocalData(settings.localData());
    ConversationStore store =
        database == null
            ? HybridStore.openWithoutDatabase(files, options)
            : HybridStore.open(
                operator.database(options(database), database.parameters()), files, options);
    boolean ready = false;
    try {
      Takeover.Result takeover =
          Takeover.once(
              store, settings.importOwner(), settings.directory(), TransferOptions.defaults());
      report(takeover, settings);
      report(store, settings);
      ready = true;
    } finally {
      if (!ready) {
        store.close();
      }
    }
    return new TakenOverStore(store, settings.importOwner(), settings.directory());
  }

  /** Checked here, where the error can name the variables. */
  private static void requireWritable(Path directory, boolean hasDatabase) {
    Path there = directory.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (Files.isDirectory(there) && !Files.isWritable(there)) {
      throw new StoreConfigurationException(
          "directory "
              + there
              + " cannot be written; set DATA_PATH to a writable directory"
              + (hasDatabase ? ", or LOCAL_COPY=off to use PostgreSQL alone" : ""));
    }
  }

  /** PostgreSQL alone: for containers without their own disk. */
  private static ConversationStore withoutLocalCopy(
      Settings settings, OperatorSettings operator, JsonFileOptions files) {
    DatabaseSettings database = settings.database();
    if (database == null) {
      throw new StoreConfigurationException(
          "LOCAL_COPY is off, but no variable names a database; set DATABASE_URL, or unset"
              + " LOCAL_COPY to use local files");
    }
    requireNothingLeft(files);
    ConversationStore store =
        PostgresStore.open(operator.database(options(database), database.parameters()));
    LOG.info(
        "Using the database {}, configured by {}, without a local copy; calls fail while the"
            + " database is unavailable",
        database,
        database.source());
    return store;
  }

  /** Pending changes in the directory would be hidden and never sent. */
  private static void requireNothingLeft(JsonFileOptions files) {
    if (!Files.exists(files.directory().resolve("store.json"))) {
      return;
    }
    try (LocalStore local = JsonFileStore.openEngine(files)) {
      long unsent = local.unmet().conversations();
      long pending = local.pendingFigures().changes();
      if (unsent > 0 || pending > 0) {
        throw new StoreConfigurationException(
            "LOCAL_COPY is off, but the directory "
                + files.directory()
                + " contains "
                + unsent
                + " conversations and "
                + pending
                + " changes that the database does not have; nothing was changed. Start once"
                + " without LOCAL_COPY=off to send them, or set DATA_PATH to another directory");
      }
    } catch (StoreUnavailableException unreadable) {
      LOG.warn(
          "Directory {} could not be checked for unsent changes: {}",
          files.directory(),
          unreadable.getMessage());
    }
  }

  private static void report(Takeover.Result takeover, Settings settings) {
    TransferReport report = takeover.report();
    Path file = settings.directory().resolve(Takeover.FILE);
    switch (takeover.outcome()) {
      case NOTHING_THERE -> {}
      case TAKEN_OVER -> {
        if (report != null) {
          LOG.atLevel(report.skippedCount() > 0 ? Level.WARN : Level.INFO)
              .log(
                  "Imported {} for {}: {} conversations, {} messages, {} entries skipped{}; the"
                      + " file is renamed to {}",
                  file,
                  settings.importOwner(),
                  report.conversations(),
                  report.messages(),
                  report.skippedCount(),
                  report.skipped().isEmpty() ? "" : ", the first: " + report.skipped().get(0),
                  Takeover.DONE);
        }
        if (takeover.reason() != null) {
          LOG.info("{}: {}", file, takeover.reason());
        }
      }
      case TAKEN_OVER_BEFORE -> LOG.info("{} was not imported: {}", file, takeover.reason());
      case LEFT_ALONE, NOTHING_FOUND, OWNER_ERASED ->
          LOG.warn("{} was not imported: {}", file, takeover.reason());
      case REFUSED ->
          LOG.error(
              "{} was not imported, and nothing of it was saved: {}. The store works without it."
                  + " The next start retries the import.",
              file,
              takeover.reason());
    }
  }

  /**
   * Local files alone, whatever the environment says. A directory that belongs to a database opens
   * as in {@link HybridStore#openWithoutDatabase}.
   */
  public static ConversationStore inFiles(Path directory) {
    return HybridStore.openWithoutDatabase(JsonFileOptions.in(directory), HybridOptions.defaults());
  }

  private static PostgresOptions options(DatabaseSettings database) {
    String query =
        new TreeMap<>(database.parameters())
            .entrySet().stream()
                .map(entry -> entry.getKey() + "=" + encode(entry.getValue()))
                .collect(Collectors.joining("&"));
    PostgresOptions options =
        PostgresOptions.url(
            "jdbc:postgresql://"
                + database.host()
                + ":"
                + database.port()
                + "/"
                + encode(database.database())
                + (query.isEmpty() ? "" : "?" + query));
    return database.user() == null
        ? options
        : options.withLogin(
            database.user(), database.password() == null ? "" : database.password());
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Logs the store in use and its size; the log shows these nowhere else. */
  private static void report(ConversationStore store, Settings settings) {
    StoreState state = store.state();
    switch (state.mode()) {
      case LOCAL_ONLY ->
          LOG.info(
              "No database is configured; using the local files in {} with {} conversations",
              settings.directory(),
              store.operator().statistics(null).conversations());
      case OFFLINE -> {
        if (settings.database() == null) {
          LOG.warn(
              "Using the local files: {}. {} changes are pending.",
              state.reason(),
              state.pending().changes());
        } else {
          LOG.warn(
              "The database {}, configured by {}, is not usable yet ({}); using the local files in"
                  + " {}",
              settings.database(),
              source(settings),
              state.reason(),
              settings.directory());
        }
      }
      case ONLINE, RESYNCING ->
          LOG.info(
              "Using the database {}, configured by {}, with a local copy in {}",
              settings.database(),
              source(settings),
              settings.directory());
    }
  }

  private static String source(Settings settings) {
    DatabaseSettings database = settings.database();
    return database == null ? "nothing" : database.source();
  }
}
