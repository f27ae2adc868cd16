package io.conversationstore.cli;

import io.conversationstore.StoreHealth;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.jsonfile.DamageReport;
import io.conversationstore.jsonfile.JsonFileTool;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Looks for damage. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = {
      "Looks for damage: reads every byte of a directory, and runs the checks of a database.",
      "Changes nothing. Exit code 5 if a directory is damaged, 1 if a check failed."
    })
final class VerifyCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();

  private final Context context;

  VerifyCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    StoreLocation location = place.location(context);
    int exitCode = ExitCode.OK;
    if (location.directory() != null) {
      DamageReport report = JsonFileTool.verify(location.requireDirectory());
      DamageView.show(context, report, report.isSound());
      if (!report.isSound()) {
        context.screen().note("'conversations repair' makes the directory open again");
        exitCode = ExitCode.DAMAGED;
      }
    }
    if (location.hasDatabase()) {
      StoreLocation alone = new StoreLocation(null, location.variables(), location.database());
      try (OpenStore opened = alone.open(Use.EXISTING)) {
        StoreHealth health = opened.store().operator().health();
        health.checks().forEach(this::show);
        if (!health.healthy() && exitCode == ExitCode.OK) {
          exitCode = ExitCode.FINDINGS;
        }
      }
    }
    return exitCode;
  }

  private void show(StoreHealth.Check check) {
    if (context.json()) {
      context.jsonLine(
          out -> {
            out.writeStringField("check", check.name());
            out.writeBooleanField("passed", check.passed());
            out.writeStringField("detail", check.detail());
          });
      return;
    }
    Style style = context.style();
    context
        .out()
        .line(
            (check.passed() ? style.green("passed") : style.red("FAILED"))
                + "    "
                + check.name()
                + ": "
                + check.detail());
  }
}
