package io.conversationstore.cli;

import io.conversationstore.Owner;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists users. */
@Command(
    name = "users",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the users of a store: of all tenants in a directory, of one tenant in a database."
    })
final class UsersCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();

  @Option(
      names = {"-t", "--tenant"},
      paramLabel = "TENANT",
      description = "Only of this tenant.")
  private @Nullable String tenant;

  private final Context context;

  UsersCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    List<Owner> owners = Owners.of(place.location(context), tenant, context);
    for (Owner owner : owners) {
      if (context.json()) {
        context.jsonLine(
            out -> {
              out.writeStringField("tenant_id", owner.tenantId());
              out.writeStringField("user_id", owner.userId());
            });
      } else {
        context
            .out()
            .line("--tenant " + quoted(owner.tenantId()) + " --user " + quoted(owner.userId()));
      }
    }
    if (owners.isEmpty()) {
      context.screen().note("no users");
    }
    return ExitCode.OK;
  }

  /** In the form that a shell takes. */
  private static String quoted(String name) {
    String safe = Text.oneLine(name);
    return safe.matches("[A-Za-z0-9._@/:+-]+") ? safe : "'" + safe.replace("'", "'\\''") + "'";
  }
}
