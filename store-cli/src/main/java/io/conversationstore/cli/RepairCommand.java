package io.conversationstore.cli;

import io.conversationstore.jsonfile.DamageReport;
import io.conversationstore.jsonfile.JsonFileTool;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes a damaged directory open again. */
@Command(
    name = "repair",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a damaged directory open again: moves unreadable bytes into files named damaged-….",
      "A sound directory stays as it is. Stop the application and copy the directory first."
    })
final class RepairCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  private final Context context;

  RepairCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    Path directory = place.location(context).requireDirectory();
    DamageReport before = JsonFileTool.verify(directory);
    if (before.isSound()) {
      DamageView.show(context, before, true);
      return ExitCode.OK;
    }
    DamageView.show(context, before, false);
    context.confirm(
        yes,
        "moves the damaged bytes of "
            + directory
            + " into files named damaged-…; their messages are then missing");
    DamageReport repaired = JsonFileTool.repair(directory);
    boolean sound = JsonFileTool.verify(directory).isSound();
    DamageView.show(context, repaired, sound);
    return sound ? ExitCode.OK : ExitCode.DAMAGED;
  }
}
