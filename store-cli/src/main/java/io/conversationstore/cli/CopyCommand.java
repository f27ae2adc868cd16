package io.conversationstore.cli;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationStatus;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.StoredMessage;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.cli.format.ConversationHeader;
import io.conversationstore.cli.format.ConversationWriter;
import io.conversationstore.cli.format.ImportedMessage;
import io.conversationstore.cli.format.Place;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Copies conversations from one store to another. */
@Command(
    name = "copy",
    mixinStandardHelpOptions = true,
    description = {
      "Copies conversations to another store, which is created if there is none.",
      "Running it again completes it and doubles nothing; the first store stays as it is."
    })
final class CopyCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Option(names = "--to-dir", paramLabel = "DIR", description = "The directory to copy to.")
  private @Nullable String toDirectory;

  @Option(names = "--to-database", paramLabel = "URL", description = "The database to copy to.")
  private @Nullable String toDatabase;

  @Option(
      names = "--all-users",
      description = "All users: of all tenants in a directory, of --tenant in a database.")
  private boolean allUsers;

  private final Context context;

  CopyCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (toDirectory == null && toDatabase == null) {
      throw new CommandException(ExitCode.USAGE, "name the target with --to-dir or --to-database");
    }
    if (allUsers && owner.user != null) {
      throw new CommandException(ExitCode.USAGE, "--all-users does not go with --user");
    }
    StoreLocation from = place.location(context);
    StoreLocation to = StoreLocation.ofOptions(toDirectory, toDatabase, context.environment());
    if (from.directory() != null && from.directory().equals(to.directory())) {
      throw new CommandException(ExitCode.USAGE, "the two stores are the same directory");
    }
    List<Owner> owners = allUsers ? Owners.of(from, owner.tenant, context) : List.of(owner.owner());
    try (OpenStore source = from.open(Use.EXISTING);
        OpenStore target = to.open(Use.CREATING);
        ProgressLine progress = new ProgressLine(context, "copying")) {
      source.warnIfOffline(context.screen());
      target.warnIfOffline(context.screen());
      ImportTarget into =
          new ImportTarget(
              target, null, owner.owner(), new Reporter(progress), context.interruption());
      Exporter exporter =
          new Exporter(source.store(), new Handover(into), context.interruption(), progress);
      boolean complete = false;
      try {
        for (Owner each : owners) {
          exporter.owner(each);
        }
        into.flush();
        complete = true;
      } finally {
        progress.clear();
        if (!complete) {
          context
              .screen()
              .note(
                  Text.count(into.conversations(), "conversation")
                      + " copied and kept; run the same command again to continue");
        }
      }
      context
          .out()
          .line(
              Text.count(into.conversations(), "conversation")
                  + ", "
                  + Text.count(into.messages(), "message")
                  + " copied to "
                  + target.place());
      return into.badRecords() == 0 ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  /** Shows what the target refuses; the exporter shows the progress. */
  private final class Reporter implements ImportTarget.Report {

    private final ProgressLine progress;

    Reporter(ProgressLine progress) {
      this.progress = progress;
    }

    @Override
    public void bad(Place where, String reason) {
      progress.clear();
      context.screen().note(Text.oneLine(where + ": " + reason));
    }

    @Override
    public void note(Place where, String note) {
      bad(where, note);
    }

    @Override
    public void progress(long conversations, long messages) {
      // The exporter knows how much is left.
    }
  }

  /** Hands what is read from the source to the target. */
  private static final class Handover implements ConversationWriter {

    private final ImportTarget into;
    private Place place = new Place("the first store", 0, 0, 0, null, 0);

    Handover(ImportTarget into) {
      this.into = into;
    }

    @Override
    public void begin() {
      // A store has no beginning.
    }

    @Override
    public void conversation(Conversation each) {
      NewConversation fields =
          NewConversation.ofId(each.id())
              .withTitle(each.title())
              .withSettings(each.settings())
              .withMetadata(each.metadata())
              .withTags(each.tags())
              .withPinned(each.pinned())
              .withExpiresAt(each.expiresAt());
      place = new Place("the first store", 0, 0, 0, each.id(), 0);
      into.begin(
          new ConversationHeader(
              fields,
              each.status() == ConversationStatus.ARCHIVED,
              each.createdAt(),
              each.updatedAt(),
              each.owner()),
          place);
    }

    @Override
    public void message(StoredMessage message) {
      into.message(
          new ImportedMessage(
              message.message().withId(message.id()), message.createdAt(), message.editedAt()),
          place);
    }

    @Override
    public void endConversation() {
      into.end();
    }

    @Override
    public void preferences(Owner owner, Preferences preferences) {
      into.preferences(owner, preferences);
    }

    @Override
    public void end() {
      into.flush();
    }
  }
}
