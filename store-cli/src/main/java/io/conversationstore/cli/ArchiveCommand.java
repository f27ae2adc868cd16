package io.conversationstore.cli;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.cli.StoreLocation.Use;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Archives conversations. */
@Command(
    name = "archive",
    mixinStandardHelpOptions = true,
    description = {
      "Archives conversations of a user; nothing is deleted.",
      "'conversations retention --archive-idle' archives by age."
    })
final class ArchiveCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(arity = "1..*", paramLabel = "ID", description = "The ids of the conversations.")
  private List<String> ids = List.of();

  @Option(names = "--undo", description = "Take them out of the archive.")
  private boolean undo;

  private final Context context;

  ArchiveCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    ConversationStatus status = undo ? ConversationStatus.ACTIVE : ConversationStatus.ARCHIVED;
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      ConversationStore store = opened.store();
      for (String id : ids) {
        store.update(owner.owner(), id, ConversationUpdate.touch().withStatus(status));
        if (context.json()) {
          context.jsonLine(
              out -> {
                out.writeStringField("id", id);
                out.writeStringField("status", status.wireName());
              });
        } else {
          context.out().line(Text.oneLine(id) + "  " + status.wireName());
        }
      }
      return ExitCode.OK;
    }
  }
}
