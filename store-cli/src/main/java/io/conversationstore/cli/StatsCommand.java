package io.conversationstore.cli;

import io.conversationstore.ActiveUser;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
import io.conversationstore.cli.StoreLocation.Use;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Counts. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    description = "Counts tenants, users, conversations and messages, and shows table sizes.")
final class StatsCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();

  @Option(
      names = {"-t", "--tenant"},
      paramLabel = "TENANT",
      description = "Of this tenant, with its most active users; of all if not given.")
  private @Nullable String tenant;

  @Option(
      names = "--days",
      paramLabel = "N",
      defaultValue = "30",
      converter = Days.class,
      description = "Users who were active within so many days. Default: ${DEFAULT-VALUE}.")
  private Duration window = Duration.ofDays(30);

  private final Context context;

  StatsCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      StoreOperator operator = opened.store().operator();
      StoreStatistics counts = operator.statistics(tenant);
      List<ActiveUser> users =
          tenant == null ? List.of() : operator.activeUsers(tenant, window, 20);
      List<TableSize> tables = operator.tableSizes();
      if (context.json()) {
        json(counts, users, tables);
      } else {
        text(counts, users, tables);
      }
      return ExitCode.OK;
    }
  }

  private void text(StoreStatistics counts, List<ActiveUser> users, List<TableSize> tables) {
    row("tenants", counts.tenants());
    row("users", counts.users());
    row("conversations", counts.conversations());
    row("messages", counts.messages());
    row("messages today", counts.messagesToday());
    for (ActiveUser user : users) {
      context
          .out()
          .line(
              String.format(
                  Locale.ROOT,
                  "%,14d  %s  last %s",
                  user.messages(),
                  Text.oneLine(user.owner().userId()),
                  Times.minute(user.lastActive())));
    }
    for (TableSize table : tables) {
      context
          .out()
          .line(
              String.format(
                  Locale.ROOT,
                  "%14s  table %s, indexes %s",
                  Text.size(table.tableBytes() + table.indexBytes()),
                  table.table(),
                  Text.size(table.indexBytes())));
    }
  }

  private void row(String name, long count) {
    context.out().line(String.format(Locale.ROOT, "%,14d  %s", count, name));
  }

  private void json(StoreStatistics counts, List<ActiveUser> users, List<TableSize> tables) {
    context.jsonLine(
        out -> {
          out.writeNumberField("tenants", counts.tenants());
          out.writeNumberField("users", counts.users());
          out.writeNumberField("conversations", counts.conversations());
          out.writeNumberField("messages", counts.messages());
          out.writeNumberField("messages_today", counts.messagesToday());
          out.writeArrayFieldStart("active_users");
          for (ActiveUser user : users) {
            out.writeStartObject();
            out.writeStringField("tenant_id", user.owner().tenantId());
            out.writeStringField("user_id", user.owner().userId());
            out.writeNumberField("messages", user.messages());
            out.writeStringField("last_active", user.lastActive().toString());
            out.writeEndObject();
          }
          out.writeEndArray();
          out.writeArrayFieldStart("tables");
          for (TableSize table : tables) {
            out.writeStartObject();
            out.writeStringField("table", table.table());
            out.writeNumberField("table_bytes", table.tableBytes());
            out.writeNumberField("index_bytes", table.indexBytes());
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }
}
