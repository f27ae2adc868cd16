package io.conversationstore.cli;

import io.conversationstore.cli.StoreLocation.Use;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a command that name its store. */
final class StoreOptions {

  @Option(
      names = {"-d", "--dir"},
      paramLabel = "DIR",
      description = "The directory of a store in files.")
  @Nullable String directory;

  @Option(
      names = "--database",
      paramLabel = "URL",
      description = {
        "A database, postgresql://user:password@host:5432/name. With --dir, the directory is its"
            + " local copy. Without both, the variables of the application name the store"
            + " (DATABASE_URL, DATA_PATH, …). Other users of this machine see an option, and no"
            + " variable."
      })
  @Nullable String database;

  StoreLocation location(Context context) {
    return directory == null && database == null
        ? StoreLocation.ofEnvironment(context.environment())
        : StoreLocation.ofOptions(directory, database, context.environment());
  }

  /** Opens the store, and prints a warning if its database is away. */
  OpenStore open(Context context, Use use) {
    OpenStore opened = location(context).open(use);
    opened.warnIfOffline(context.screen());
    return opened;
  }
}
