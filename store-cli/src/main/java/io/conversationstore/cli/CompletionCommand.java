package io.conversationstore.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** Prints the completion script. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Prints the script that completes commands and options in bash and zsh:",
      "  source <(conversations completion)"
    })
final class CompletionCommand implements Callable<Integer> {

  private final Context context;

  CompletionCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    context
        .out()
        .line(AutoComplete.bash("conversations", Conversations.commandLine(context)).strip());
    return ExitCode.OK;
  }
}
