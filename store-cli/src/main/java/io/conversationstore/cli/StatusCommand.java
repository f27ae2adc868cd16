package io.conversationstore.cli;

import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.cli.StoreLocation.Use;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows whether a store works. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = {
      "Shows whether the store works: its state, pending changes and health checks.",
      "Exit code 1 if a check failed."
    })
final class StatusCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();

  private final Context context;

  StatusCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (OpenStore opened = place.location(context).open(Use.EXISTING)) {
      StoreHealth health = opened.store().operator().health();
      StoreState state = opened.store().state();
      if (context.json()) {
        json(state, health);
      } else {
        text(opened.place(), state, health);
      }
      return health.healthy() ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private static String mode(StoreState state) {
    return state.mode().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private void text(String where, StoreState state, StoreHealth health) {
    Style style = context.style();
    line("store", where);
    line("state", style.bold(mode(state)) + reason(state));
    if (state.pending().changes() > 0) {
      line(
          "pending",
          Text.count(state.pending().changes(), "change")
              + ", "
              + Text.size(state.pending().bytes())
              + " not yet in the database");
    }
    StoreState.Mirror mirror = state.mirror();
    if (mirror != null) {
      line("copy", mirror.coverage());
    }
    StoreState.Adoption adoption = state.adoption();
    if (adoption != null && adoption.ended() == null) {
      line(
          "sending",
          adoption.sentConversations()
              + " of "
              + Text.count(adoption.conversations(), "conversation"));
    }
    if (!state.rejected().isEmpty()) {
      line(
          "rejected",
          style.red(Text.count(state.rejected().size(), "change"))
              + "; 'conversations parked list' shows them");
    }
    for (StoreHealth.Check check : health.checks()) {
      line(
          check.passed() ? style.green("passed") : style.red("FAILED"),
          check.name() + ": " + check.detail());
    }
  }

  private static String reason(StoreState state) {
    return state.reason().isBlank() ? "" : ": " + state.reason();
  }

  private void line(String name, String value) {
    int columns = Text.columns(name.replaceAll("\u001b\\[[0-9]+m", ""));
    context.out().line(name + " ".repeat(Math.max(0, 10 - columns)) + value);
  }

  private void json(StoreState state, StoreHealth health) {
    context.jsonLine(
        out -> {
          out.writeBooleanField("healthy", health.healthy());
          out.writeStringField("mode", state.mode().name().toLowerCase(Locale.ROOT));
          out.writeStringField("reason", state.reason());
          out.writeNumberField("pending_changes", state.pending().changes());
          out.writeNumberField("pending_bytes", state.pending().bytes());
          out.writeNumberField("rejected_changes", state.rejected().size());
          out.writeArrayFieldStart("checks");
          for (StoreHealth.Check check : health.checks()) {
            out.writeStartObject();
            out.writeStringField("name", check.name());
            out.writeBooleanField("passed", check.passed());
            out.writeStringField("detail", check.detail());
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }
}
