package io.conversationstore.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program: without a command it prints its help. */
@Command(
    name = "conversations",
    versionProvider = Conversations.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Reads, moves and looks after stored conversations.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  conversations import --dir chats export.zip",
      "  conversations list --dir chats",
      "  conversations show --dir chats ID | less -R",
      "  DATABASE_URL=postgresql://… conversations export --format markdown -o chats.md",
      "",
      "'conversations COMMAND --help' explains a command. Exit codes: 0 done; 1 done, with"
          + " findings; 2 wrong arguments; 3 not there; 4 unavailable; 5 damaged; 6 wrong setting;"
          + " 7 file or disk; 8 not confirmed; 130 Ctrl-C."
    })
final class Conversations implements Runnable {

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Conversations.class.getPackage().getImplementationVersion();
      return new String[] {"conversations " + (version == null ? "(not packaged)" : version)};
    }
  }

  @Mixin
  @SuppressWarnings("UnusedVariable") // read by the commands, through the context
  private final GlobalOptions options;

  @Spec private @Nullable CommandSpec spec;

  private Conversations(Context context) {
    this.options = context.options();
  }

  /** The program with all of its commands. */
  static CommandLine commandLine(Context context) {
    CommandLine program = new CommandLine(new Conversations(context));
    program.addSubcommand(new ListCommand(context));
    program.addSubcommand(new ShowCommand(context));
    program.addSubcommand(new SearchCommand(context));
    program.addSubcommand(new UsersCommand(context));
    program.addSubcommand(new ImportCommand(context));
    program.addSubcommand(new ExportCommand(context));
    program.addSubcommand(new CopyCommand(context));
    program.addSubcommand(new StatsCommand(context));
    program.addSubcommand(new StatusCommand(context));
    program.addSubcommand(new VerifyCommand(context));
    program.addSubcommand(new RepairCommand(context));
    program.addSubcommand(new CompactCommand(context));
    program.addSubcommand(new ArchiveCommand(context));
    program.addSubcommand(new EraseCommand(context));
    program.addSubcommand(new RetentionCommand(context));
    program.addSubcommand(ParkedCommand.commandLine(context));
    program.addSubcommand(new SyncCommand(context));
    program.addSubcommand(MigrateCommand.commandLine(context));
    program.addSubcommand(new CompletionCommand(context));
    return program;
  }

  @Override
  public void run() {
    CommandSpec program = spec;
    if (program != null) {
      program.commandLine().usage(program.commandLine().getOut());
    }
  }
}
