package io.conversationstore.cli;

import io.conversationstore.ParkedChange;
import io.conversationstore.StoreOperator;
import io.conversationstore.cli.StoreLocation.Use;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Changes that the database rejected and a node keeps. */
@Command(
    name = "parked",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Lists, resends or discards changes that the database rejected.")
final class ParkedCommand implements Runnable {

  @Spec private @Nullable CommandSpec spec;

  private ParkedCommand() {}

  static CommandLine commandLine(Context context) {
    return new CommandLine(new ParkedCommand())
        .addSubcommand(new ListParked(context))
        .addSubcommand(new RetryParked(context))
        .addSubcommand(new DiscardParked(context));
  }

  @Override
  public void run() {
    CommandSpec command = spec;
    if (command != null) {
      throw new ParameterException(command.commandLine(), "name list, retry or discard");
    }
  }

  /** The changes that a command is about. */
  static final class Chosen {

    @Parameters(arity = "0..*", paramLabel = "ID", description = "The ids, as in 'list'.")
    List<UUID> ids = List.of();

    @Option(names = "--all", description = "All parked changes.")
    boolean all;

    List<UUID> of(StoreOperator operator) {
      if (all == !ids.isEmpty()) {
        throw new CommandException(ExitCode.USAGE, "name either ids or --all");
      }
      return all
          ? operator.parked().stream().map(each -> each.rejected().changeId()).toList()
          : ids;
    }
  }

  /** Lists them. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "Lists the changes with the reason, without contents.")
  static final class ListParked implements Callable<Integer> {

    @Mixin private final StoreOptions place = new StoreOptions();
    private final Context context;

    ListParked(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      try (OpenStore opened = place.open(context, Use.EXISTING)) {
        List<ParkedChange> parked = opened.store().operator().parked();
        parked.forEach(this::show);
        if (parked.isEmpty()) {
          context.screen().note("no change is parked");
        }
        return ExitCode.OK;
      }
    }

    private void show(ParkedChange change) {
      String conversation = change.rejected().conversationId();
      if (context.json()) {
        context.jsonLine(
            out -> {
              out.writeStringField("id", change.rejected().changeId().toString());
              out.writeStringField("kind", change.kind());
              out.writeStringField("tenant_id", change.rejected().owner().tenantId());
              out.writeStringField("user_id", change.rejected().owner().userId());
              if (conversation != null) {
                out.writeStringField("conversation_id", conversation);
              }
              out.writeNumberField("messages", change.messages().size());
              out.writeStringField("at", change.rejected().at().toString());
              out.writeStringField("reason", change.rejected().reason());
            });
        return;
      }
      context
          .out()
          .line(
              context.style().bold(change.rejected().changeId().toString())
                  + "  "
                  + Times.minute(change.rejected().at())
                  + "  "
                  + change.kind().replace('_', ' ')
                  + (conversation == null ? "" : " in " + Text.oneLine(conversation))
                  + ", "
                  + Text.count(change.messages().size(), "message"));
      Stream.of(change.rejected().reason())
          .flatMap(reason -> Text.wrap(reason, context.screen().width() - 4).stream())
          .forEach(line -> context.out().line("    " + line));
    }
  }

  /** Resends them. */
  @Command(
      name = "retry",
      mixinStandardHelpOptions = true,
      description = "Puts changes at the end of the queue for the database.")
  static final class RetryParked implements Callable<Integer> {

    @Mixin private final StoreOptions place = new StoreOptions();
    @Mixin private final Chosen chosen = new Chosen();
    private final Context context;

    RetryParked(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      try (OpenStore opened = place.open(context, Use.EXISTING)) {
        StoreOperator operator = opened.store().operator();
        int exitCode = ExitCode.OK;
        for (UUID id : chosen.of(operator)) {
          boolean there = operator.retryParked(id);
          context.out().line(id + (there ? "  queued" : "  is not parked"));
          exitCode = there ? exitCode : ExitCode.NOT_FOUND;
        }
        context.screen().note("'conversations sync' sends the queue to the database");
        return exitCode;
      }
    }
  }

  /** Discards them. */
  @Command(
      name = "discard",
      mixinStandardHelpOptions = true,
      description = "Discards changes; their messages are lost.")
  static final class DiscardParked implements Callable<Integer> {

    @Mixin private final StoreOptions place = new StoreOptions();
    @Mixin private final Chosen chosen = new Chosen();

    @Option(
        names = {"-y", "--yes"},
        description = "Do not ask.")
    private boolean yes;

    private final Context context;

    DiscardParked(Context context) {
      this.context = context;
    }

    @Override
    public Integer call() {
      try (OpenStore opened = place.open(context, Use.EXISTING)) {
        StoreOperator operator = opened.store().operator();
        List<UUID> ids = chosen.of(operator);
        if (!ids.isEmpty()) {
          context.confirm(yes, "discards " + Text.count(ids.size(), "parked change") + " for good");
        }
        int exitCode = ExitCode.OK;
        for (UUID id : ids) {
          boolean there = operator.discardParked(id);
          context.out().line(id + (there ? "  discarded" : "  is not parked"));
          exitCode = there ? exitCode : ExitCode.NOT_FOUND;
        }
        return exitCode;
      }
    }
  }
}
