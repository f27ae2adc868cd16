package io.conversationstore.cli;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.ConversationStores;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.HybridStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a store is: a directory, a database, or both. Thread-safe.
 *
 * @param directory the directory of local files, or null for a database alone
 * @param variables the variables that name the database, or null for files alone
 * @param database how the user named the database: an option or a variable
 */
record StoreLocation(
    @Nullable Path directory, @Nullable Map<String, String> variables, String database) {

  /** What a command does with the store. */
  enum Use {
    /** Reads or changes what is there: creates and migrates nothing. */
    EXISTING,
    /** Fills it: creates the directory or the schema if there is none. */
    CREATING,
    /** Brings the schema to the version of this program. */
    MIGRATING
  }

  private static final String MANIFEST = "store.json";
  private static final Duration LOCK_WAIT = Duration.ofSeconds(2);

  /** The variables that name a database; an empty one counts as not set. */
  private static final List<String> NAMING =
      List.of("STORAGE_CONNECTION_URL", "DATABASE_URL", "DB_HOST", "POSTGRES_HOST");

  /** All variables about the place of a store, which options replace. */
  private static final Set<String> PLACE =
      Set.of(
          "STORAGE_TYPE",
          "STORAGE_CONNECTION_URL",
          "DATABASE_URL",
          "DB_HOST",
          "DB_PORT",
          "DB_NAME",
          "DB_USER",
          "DB_PASSWORD",
          "POSTGRES_HOST",
          "POSTGRES_PORT",
          "POSTGRES_DB",
          "POSTGRES_USER",
          "POSTGRES_PASSWORD");

  /** The place that options name; a null one is not given. */
  static StoreLocation ofOptions(
      @Nullable String directory, @Nullable String url, Map<String, String> environment) {
    Map<String, String> variables = null;
    if (url != null) {
      variables = new HashMap<>(environment);
      variables.keySet().removeAll(PLACE);
      variables.put("DATABASE_URL", url);
    }
    return new StoreLocation(
        directory == null ? null : path("--dir", directory), variables, "--database");
  }

  /**
   * The place that the variables name. A database is used together with the directory if that is
   * one of a store, or named; without either, a look into a database would begin to copy it.
   */
  static StoreLocation ofEnvironment(Map<String, String> environment) {
    String named =
        NAMING.stream().filter(name -> isSet(environment, name)).findFirst().orElse(null);
    String type = environment.getOrDefault("STORAGE_TYPE", "");
    boolean filesAlone = Set.of("jsonfile", "json", "file", "local").contains(type);
    Path directory = path("DATA_PATH", or(environment.get("DATA_PATH"), "data"));
    if (named == null || filesAlone) {
      return new StoreLocation(directory, null, "");
    }
    boolean withDirectory =
        !"off".equals(environment.get("LOCAL_COPY"))
            && (isSet(environment, "DATA_PATH") || isStore(directory));
    return new StoreLocation(withDirectory ? directory : null, Map.copyOf(environment), named);
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isBlank();
  }

  private static String or(@Nullable String value, String otherwise) {
    return value == null || value.isBlank() ? otherwise : value;
  }

  private static Path path(String option, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new CommandException(ExitCode.USAGE, option + " is not a path", e);
    }
  }

  private static boolean isStore(Path directory) {
    return Files.exists(directory.resolve(MANIFEST));
  }

  boolean hasDatabase() {
    return variables != null;
  }

  /**
   * The directory, for commands about files.
   *
   * @throws CommandException if there is none
   */
  Path requireDirectory() {
    Path named = directory;
    if (named == null) {
      throw new CommandException(
          ExitCode.USAGE, "this command works on a directory; name it with --dir");
    }
    requireNoFile(named);
    if (!Files.isDirectory(named)) {
      throw new CommandException(
          ExitCode.NOT_FOUND, "directory " + named + " does not exist; check the path");
    }
    if (!isStore(named)) {
      throw notAStore(named);
    }
    return named;
  }

  private static void requireNoFile(Path directory) {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new CommandException(
          ExitCode.NOT_FOUND, directory + " is a file, not a directory; check the path");
    }
  }

  private static CommandException notAStore(Path directory) {
    return new CommandException(
        ExitCode.NOT_FOUND,
        "directory "
            + directory
            + " is not a store (it has no "
            + MANIFEST
            + "); check the path, or fill it with 'conversations import'");
  }

  /**
   * Opens the store.
   *
   * @throws CommandException if it does not exist
   */
  OpenStore open(Use use) {
    if (directory != null && use == Use.EXISTING) {
      requireDirectory();
    }
    if (directory != null) {
      requireNoFile(directory);
    }
    if (variables == null) {
      return inFiles();
    }
    try {
      return inDatabase(use);
    } catch (StoreConfigurationException e) {
      throw new CommandException(ExitCode.CONFIGURATION, named(e), e);
    }
  }

  /** The error with the name that the user knows. */
  private String named(StoreConfigurationException e) {
    String message = String.valueOf(e.getMessage());
    return database.equals("--database") ? message.replace("DATABASE_URL", database) : message;
  }

  private OpenStore inFiles() {
    if (directory == null) {
      throw new IllegalStateException("a store is in a directory or in a database");
    }
    ConversationStore store =
        HybridStore.openWithoutDatabase(
            JsonFileOptions.in(directory).withLockWait(LOCK_WAIT), HybridOptions.defaults());
    StoreState state = store.state();
    return new OpenStore(
        store, "directory " + directory, state.mode() == StoreState.Mode.LOCAL_ONLY, true);
  }

  private OpenStore inDatabase(Use use) {
    Map<String, String> opened = new HashMap<>(variables == null ? Map.of() : variables);
    if (use == Use.EXISTING) {
      opened.put("STORAGE_MIGRATION", "off");
    } else if (use == Use.MIGRATING) {
      opened.put("STORAGE_MIGRATION", "on");
    }
    opened.putIfAbsent("LOCAL_LOCK_WAIT_MS", String.valueOf(LOCK_WAIT.toMillis()));
    // Retention is the application's, on its own schedule.
    opened
        .keySet()
        .removeAll(
            Set.of("RETENTION_MESSAGE_DAYS", "RETENTION_ARCHIVE_DAYS", "RETENTION_PURGE_DAYS"));
    if (directory != null) {
      opened.put("DATA_PATH", directory.toString());
      opened.remove("LOCAL_COPY");
      return new OpenStore(
          ConversationStores.from(opened), "the database with " + directory, false, true);
    }
    opened.put("LOCAL_COPY", "off");
    // Local files of a store are not looked for: the user named none.
    opened.put("DATA_PATH", "conversations-without-directory");
    ConversationStore store = ConversationStores.from(opened);
    try {
      requireReachable(store);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
    return new OpenStore(store, "the database", true, false);
  }

  /** A database alone opens while it is away; a command is of no use then. */
  private static void requireReachable(ConversationStore store) {
    StoreState state = store.state();
    if (!state.databaseInUse()) {
      throw new StoreUnavailableException("the database cannot be used: " + state.reason(), null);
    }
  }
}
