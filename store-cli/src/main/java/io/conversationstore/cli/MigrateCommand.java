package io.conversationstore.cli;

import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The schema of a database. */
@Command(
    name = "migrate",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Checks, migrates or prints the schema of a database.")
final class MigrateCommand implements Runnable {

  @Spec private @Nullable CommandSpec spec;

  private MigrateCommand() {}

  static CommandLine commandLine(Context context) {
    return new CommandLine(new MigrateCommand())
        .addSubcommand(new Check(context))
        .addSubcommand(new Run(context))
        .addSubcommand(new Sql(context));
  }

  @Override
  public void run() {
    CommandSpec command = spec;
    if (command != null) {
      throw new ParameterException(command.commandLine(), "name check, run or sql");
    }
  }

  private static StoreLocation database(StoreOptions place, Context context) {
    StoreLocation location = place.location(context);
    if (!location.hasDatabase()) {
      throw new CommandException(
          ExitCode.USAGE, "this command works on a database; name it with --database");
    }
    return new StoreLocation(null, location.variables(), location.database());
  }

  /** Says whether the schema fits. */
  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = {
        "Says whether the schema has the version of this program, and changes nothing.",
        "If not, the error names both versions (exit code 4 or 6)."
      })
  static final class Check implements Callable<Integer> {

    @Mixin private final StoreOptions place = new StoreOptions();
    private final Context context;

    Check(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      try (OpenStore opened = database(place, context).open(Use.EXISTING)) {
        opened.store().operator().statistics(null);
        context.out().line("the schema is up to date; nothing is pending");
        return ExitCode.OK;
      }
    }
  }

  /** Migrates. */
  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description = "Creates the schema, or brings it to the version of this program.")
  static final class Run implements Callable<Integer> {

    @Mixin private final StoreOptions place = new StoreOptions();

    @Option(
        names = {"-y", "--yes"},
        description = "Do not ask.")
    private boolean yes;

    private final Context context;

    Run(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      StoreLocation location = database(place, context);
      context.confirm(yes, "creates or changes the tables of the database");
      try (OpenStore opened = location.open(Use.MIGRATING)) {
        opened.store().operator().statistics(null);
        context.out().line("the schema is up to date");
        return ExitCode.OK;
      }
    }
  }

  /** Prints SQL. */
  @Command(
      name = "sql",
      mixinStandardHelpOptions = true,
      description = {
        "Prints the SQL of the schema, for an administrator to run; needs no database.",
        "'SELECT schema_version FROM conversation_store.store' shows the present version."
      })
  static final class Sql implements Callable<Integer> {

    @Option(
        names = "--schema",
        paramLabel = "NAME",
        defaultValue = PostgresOptions.DEFAULT_SCHEMA,
        description = "The name of the schema. Default: ${DEFAULT-VALUE}.")
    private String schema = PostgresOptions.DEFAULT_SCHEMA;

    @Option(
        names = "--from",
        paramLabel = "VERSION",
        description = "Upgrade from this version instead of creating everything.")
    private @Nullable Integer from;

    @Option(
        names = "--undo-to",
        paramLabel = "VERSION",
        description = "Go back to this version; 0 removes all data.")
    private @Nullable Integer undo;

    private final Context context;

    Sql(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException {
      if (from != null && undo != null) {
        throw new CommandException(ExitCode.USAGE, "name either --from or --undo-to");
      }
      Writer out = new OutputStreamWriter(context.out().stream(), StandardCharsets.UTF_8);
      Integer upgrade = from;
      Integer back = undo;
      if (upgrade != null) {
        PostgresStore.writeSchemaUpgrade(out, schema, upgrade);
      } else if (back != null) {
        PostgresStore.writeSchemaUndo(out, schema, back);
      } else {
        PostgresStore.writeSchema(out, schema);
      }
      out.flush();
      return ExitCode.OK;
    }
  }
}
