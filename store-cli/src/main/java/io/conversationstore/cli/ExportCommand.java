package io.conversationstore.cli;

import io.conversationstore.Owner;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.cli.format.ConversationWriter;
import io.conversationstore.cli.format.ExportFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes conversations to a file. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes conversations to a file, or to the standard output.",
      "jsonl and conversations-json keep everything. chat keeps what model APIs take. csv,"
          + " markdown and html are for people."
    })
final class ExportCommand implements Callable<Integer> {

  private static final Map<String, ExportFormat> ENDINGS =
      Map.of(
          ".jsonl", ExportFormat.PROJECT,
          ".json", ExportFormat.CONVERSATIONS,
          ".csv", ExportFormat.CSV,
          ".md", ExportFormat.MARKDOWN,
          ".html", ExportFormat.HTML,
          ".htm", ExportFormat.HTML);

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Only these conversations; all of the user if none is given.")
  private List<String> ids = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file, or - for the standard output, which is the default.")
  private String output = "-";

  /** The names of the formats, for help and completion. */
  static final class Words implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(ExportFormat.values()).map(ExportFormat::word).iterator();
    }
  }

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      completionCandidates = Words.class,
      description =
          "${COMPLETION-CANDIDATES}. By the name of the file if not given; jsonl for the standard"
              + " output.")
  private @Nullable String format;

  @Option(
      names = "--all-users",
      description = {
        "All users: of all tenants in a directory, of --tenant in a database. For jsonl and csv."
      })
  private boolean allUsers;

  private final Context context;

  ExportCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    ExportFormat chosen = format();
    if (allUsers && !chosen.holdsOwners()) {
      throw new CommandException(
          ExitCode.USAGE, "--all-users needs --format jsonl or csv: other formats hold one user");
    }
    if (allUsers && (owner.user != null || !ids.isEmpty())) {
      throw new CommandException(
          ExitCode.USAGE, "--all-users goes neither with --user nor with ids");
    }
    StoreLocation location = place.location(context);
    List<Owner> owners =
        allUsers ? Owners.of(location, owner.tenant, context) : List.of(owner.owner());
    try (OpenStore opened = location.open(Use.EXISTING)) {
      opened.warnIfOffline(context.screen());
      if (output.equals("-")) {
        Exporter done = write(opened, owners, chosen, context.out().stream());
        context.out().flush();
        report(done);
        return ExitCode.OK;
      }
      return toFile(opened, owners, chosen, Path.of(output));
    }
  }

  private int toFile(OpenStore opened, List<Owner> owners, ExportFormat chosen, Path path)
      throws IOException {
    try (OutputFile file = new OutputFile(path)) {
      Exporter done = write(opened, owners, chosen, file.stream());
      file.commit();
      report(done);
      return ExitCode.OK;
    } catch (IOException e) {
      throw OutputFile.named(path, e);
    } catch (InterruptedRunException e) {
      throw new InterruptedRunException("interrupted; " + path + " was not written");
    }
  }

  private Exporter write(
      OpenStore opened, List<Owner> owners, ExportFormat chosen, OutputStream stream)
      throws IOException {
    try (ProgressLine progress = new ProgressLine(context, "exporting")) {
      ConversationWriter writer = chosen.writer(stream, Instant.now());
      Exporter exporter = new Exporter(opened.store(), writer, context.interruption(), progress);
      if (!ids.isEmpty()) {
        requireAll(opened);
      }
      writer.begin();
      for (Owner each : owners) {
        if (ids.isEmpty()) {
          exporter.owner(each);
        }
        for (String id : ids) {
          exporter.conversation(each, id);
        }
      }
      writer.end();
      return exporter;
    }
  }

  private void requireAll(OpenStore opened) {
    for (String id : ids) {
      if (opened.store().find(owner.owner(), id).isEmpty()) {
        throw new CommandException(
            ExitCode.NOT_FOUND, "there is no conversation " + Text.oneLine(id));
      }
    }
  }

  private void report(Exporter done) {
    if (!output.equals("-") || context.screen().terminals().err()) {
      context
          .screen()
          .note(
              Text.count(done.conversations(), "conversation")
                  + ", "
                  + Text.count(done.messages(), "message")
                  + (output.equals("-") ? "" : " in " + output));
    }
    if (done.conversations() == 0 && !allUsers && !owner.isGiven()) {
      context
          .screen()
          .note("name another user with --tenant and --user; 'conversations users' lists them");
    }
  }

  private ExportFormat format() {
    String word = format;
    if (word != null) {
      return ExportFormat.ofWord(word)
          .orElseThrow(
              () ->
                  new CommandException(
                      ExitCode.USAGE, "--format must be one of " + String.join(", ", new Words())));
    }
    String name = output.toLowerCase(Locale.ROOT);
    if (name.equals("-")) {
      return ExportFormat.PROJECT;
    }
    return ENDINGS.entrySet().stream()
        .filter(ending -> name.endsWith(ending.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () ->
                new CommandException(
                    ExitCode.USAGE,
                    "the name of the file shows no format; add --format "
                        + String.join("|", new Words())));
  }
}
