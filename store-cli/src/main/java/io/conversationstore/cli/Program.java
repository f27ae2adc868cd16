package io.conversationstore.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One run of the program: parses the arguments, runs the command, and explains failures. */
final class Program {

  private Program() {}

  /** Runs a command; returns its exit code. */
  static int run(
      Screen screen,
      Map<String, String> environment,
      Interruption interruption,
      String... arguments) {
    Context context = new Context(screen, environment, interruption);
    CommandLine commands = Conversations.commandLine(context);
    PrintWriter out = new PrintWriter(screen.out().stream(), false, StandardCharsets.UTF_8);
    commands.setOut(out);
    commands.setErr(new PrintWriter(screen.err(), true, StandardCharsets.UTF_8));
    commands.setUsageHelpWidth(Math.min(screen.width(), 100));
    commands.setParameterExceptionHandler(Program::usage);
    commands.setExecutionExceptionHandler((e, command, parsed) -> Failures.explain(e, context));
    try {
      commands.setColorScheme(
          CommandLine.Help.defaultColorScheme(
              new Context(screen, environment, interruption).style().on() ? Ansi.ON : Ansi.OFF));
      int exitCode = commands.execute(arguments);
      out.flush();
      screen.out().flush();
      return exitCode;
    } catch (ClosedPipeException closed) {
      return ExitCode.CLOSED_PIPE;
    }
  }

  private static int usage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("conversations: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }
}
