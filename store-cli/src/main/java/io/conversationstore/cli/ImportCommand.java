package io.conversationstore.cli;

import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.cli.format.FormatDetector;
import io.conversationstore.cli.format.FormatDetector.Detected;
import io.conversationstore.cli.format.ImportFormat;
import io.conversationstore.cli.format.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reads conversations from files and from tables of other programs. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = {
      "Reads conversations from files, or from the tables of another program, into a store, which"
          + " is created if there is none.",
      "Running it again, also after Ctrl-C or a failure, completes it and doubles nothing. A bad"
          + " record is reported with its place, and the rest is imported (exit code 1)."
    })
final class ImportCommand implements Callable<Integer> {

  /** Further bad records are counted only. */
  private static final int MOST_REPORTED = 50;

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description = "The files, the zip of an export, or a SQLite database; - for standard input.")
  private List<String> files = List.of();

  /** The names of the formats, for help and completion. */
  static final class Words implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(ImportFormat.values()).map(ImportFormat::word).iterator();
    }
  }

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      completionCandidates = Words.class,
      description = "${COMPLETION-CANDIDATES}. Recognized by itself if not given.")
  private @Nullable String format;

  @Option(
      names = "--source-database",
      paramLabel = "URL",
      description =
          "A PostgreSQL database of another program. Put a URL with a password into the variable"
              + " SOURCE_DATABASE_URL, which is used if there is no FILE.")
  private @Nullable String sourceUrl;

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "A table with messages; all that are found if not given. May be repeated.")
  private List<String> tables = List.of();

  @Option(
      names = "--strict",
      description = "End at the first bad record; what was imported before stays.")
  private boolean strict;

  private final Context context;

  ImportCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    ImportFormat named = named();
    String url = sourceUrl();
    for (String file : files) {
      // Before a store is created for nothing. The standard input can be read only once.
      if (isSqlite(file)) {
        try (ImportTables source = ImportTables.ofFile(Path.of(file))) {
          source.require(tables);
        }
      } else if (!file.equals("-")) {
        new ImportSource(file, context.screen()).read((name, stream, time) -> detect(name, stream));
      }
    }
    try (ImportTables source = url == null ? null : source(url);
        OpenStore opened = place.open(context, Use.CREATING);
        Reporter reporter = new Reporter()) {
      Owner only = owner.isGiven() ? owner.owner() : null;
      ImportTarget target =
          new ImportTarget(opened, only, owner.owner(), reporter, context.interruption());
      boolean complete = false;
      try {
        for (String file : files) {
          file(file, named, target, reporter);
          target.flush();
        }
        if (source != null) {
          tables(source, target, reporter);
        }
        complete = true;
      } finally {
        reporter.clear();
        if (!complete && target.messages() > 0) {
          context
              .screen()
              .note(counts(target) + " imported and kept; run the same command again to continue");
        }
      }
      done(target, opened);
      return target.badRecords() == 0 ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  /** The database to import from; null for files alone. */
  private @Nullable String sourceUrl() {
    String url = sourceUrl;
    if (url == null && files.isEmpty()) {
      url = context.environment().get("SOURCE_DATABASE_URL");
      if (url == null || url.isBlank()) {
        throw new CommandException(
            ExitCode.USAGE, "name a FILE, or a database with --source-database");
      }
    }
    return url;
  }

  private ImportTables source(String url) {
    ImportTables source = ImportTables.ofUrl(url);
    try {
      source.require(tables);
      return source;
    } catch (CommandException e) {
      source.close();
      throw e;
    }
  }

  private static boolean isSqlite(String file) throws IOException {
    return !file.equals("-") && ImportTables.isSqlite(Path.of(file));
  }

  private void file(
      String file, @Nullable ImportFormat named, ImportTarget target, Reporter reporter)
      throws IOException {
    if (isSqlite(file)) {
      Path path = Path.of(file);
      try (ImportTables source = ImportTables.ofFile(path)) {
        target.source(Files.getLastModifiedTime(path).toInstant());
        tables(source, target, reporter);
      }
      return;
    }
    new ImportSource(file, context.screen())
        .read(
            (name, stream, time) -> {
              target.source(time);
              read(name, stream, named, target, reporter);
            });
  }

  private void tables(ImportTables source, ImportTarget target, Reporter reporter) {
    if (!context.json()) {
      String found = String.join(", ", source.require(tables));
      context.screen().note(source.name() + ": " + found);
    }
    reporter.stream = null;
    source.read(tables, target);
    target.flush();
  }

  private void read(
      String name,
      ImportSource.Counted stream,
      @Nullable ImportFormat named,
      ImportTarget target,
      Reporter reporter)
      throws IOException {
    reporter.stream = stream;
    Detected detected = detect(name, stream);
    ImportFormat used = named == null ? detected.format() : named;
    if (named == null && !context.json()) {
      reporter.clear();
      context.screen().note(name + ": " + used.word());
    }
    used.reader(detected.shape()).read(name, stream, target);
  }

  private static Detected detect(String name, ImportSource.Counted stream) throws IOException {
    try {
      return FormatDetector.detect(name, stream.beginning(FormatDetector.BEGINNING));
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitCode.FILE, String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable ImportFormat named() {
    String word = format;
    if (word == null) {
      return null;
    }
    return ImportFormat.ofWord(word)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitCode.USAGE, "--format must be one of " + String.join(", ", new Words())));
  }

  private static String counts(ImportTarget target) {
    return Text.count(target.conversations(), "conversation")
        + ", "
        + Text.count(target.messages(), "message");
  }

  private void done(ImportTarget target, OpenStore opened) {
    StoreState state = opened.store().state();
    if (context.json()) {
      context.jsonLine(
          out -> {
            out.writeNumberField("conversations", target.conversations());
            out.writeNumberField("messages", target.messages());
            out.writeNumberField("bad_records", target.badRecords());
            out.writeNumberField("pending_changes", state.pending().changes());
          });
    } else {
      context
          .out()
          .line(
              counts(target)
                  + " imported into "
                  + opened.place()
                  + (target.badRecords() == 0
                      ? ""
                      : ", " + Text.count(target.badRecords(), "bad record") + " left out"));
    }
    if (state.pending().changes() > 0) {
      context
          .screen()
          .note(
              Text.count(state.pending().changes(), "change")
                  + " waiting for the database; 'conversations sync' sends them");
    }
    if (!target.keepsTimes()) {
      context
          .screen()
          .note(
              "conversations have the time of this import, messages their own; a directory or a"
                  + " database alone keeps both");
    }
  }

  /** Shows progress and bad records. */
  private final class Reporter implements ImportTarget.Report, AutoCloseable {

    private final ProgressLine progress = new ProgressLine(context, "importing");
    private ImportSource.@Nullable Counted stream;
    private long reported;

    @Override
    public void bad(Place where, String reason) {
      progress.clear();
      reported++;
      if (reported <= MOST_REPORTED) {
        context.screen().note(Text.oneLine(where + ": " + reason));
      } else if (reported == MOST_REPORTED + 1) {
        context.screen().note("further bad records are counted only");
      }
      if (strict) {
        throw new CommandException(ExitCode.FINDINGS, "ended at the first bad record (--strict)");
      }
    }

    @Override
    public void note(Place where, String note) {
      progress.clear();
      context.screen().note(Text.oneLine(where + ": " + note));
    }

    @Override
    public void progress(long conversations, long messages) {
      ImportSource.Counted reading = stream;
      if (reading != null) {
        progress.show(reading.position(), reading.size(), "messages", messages);
      }
    }

    void clear() {
      progress.clear();
    }

    @Override
    public void close() {
      progress.clear();
    }
  }
}
