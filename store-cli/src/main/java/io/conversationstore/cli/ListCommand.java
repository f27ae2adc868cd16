package io.conversationstore.cli;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.Page;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists conversations, the most recently used first. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the conversations of a user, the most recently used first.")
final class ListCommand implements Callable<Integer> {

  private static final int TITLE_IN_FILES = 60;

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      defaultValue = "50",
      description = "At most so many; 0 for all. Default: ${DEFAULT-VALUE}.")
  private int limit;

  @Option(names = "--archived", description = "Only archived ones.")
  private boolean archived;

  @Option(names = "--tag", paramLabel = "TAG", description = "Only those with this tag.")
  private @Nullable String tag;

  @Option(
      names = "--title",
      paramLabel = "TEXT",
      description = "Only those whose title contains this text.")
  private @Nullable String title;

  private final Context context;

  ListCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (limit < 0) {
      throw new CommandException(ExitCode.USAGE, "--limit must be 0 or more");
    }
    ConversationQuery query = ConversationQuery.all().withTag(tag).withTitleContaining(title);
    if (archived) {
      query = query.withStatus(ConversationStatus.ARCHIVED);
    }
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      long shown = 0;
      boolean more = true;
      while (more && (limit == 0 || shown < limit)) {
        long rest = limit == 0 ? Page.MAX_LIMIT : Math.min(Page.MAX_LIMIT, limit - shown);
        Page<Conversation> page = opened.store().list(owner.owner(), query.withLimit((int) rest));
        for (Conversation each : page) {
          if (shown == 0 && !context.json()) {
            heading();
          }
          show(each);
          shown++;
        }
        query = query.withCursor(page.cursor());
        more = page.hasMore();
      }
      if (shown == 0) {
        context
            .screen()
            .note(
                "no conversations of "
                    + name()
                    + (owner.isGiven()
                        ? ""
                        : "; name another user with --tenant and --user, which 'conversations"
                            + " users' lists"));
      } else if (more && !context.json()) {
        context.screen().note("there are more; -n 0 shows all");
      }
      return ExitCode.OK;
    }
  }

  private String name() {
    return owner.owner().tenantId() + "/" + owner.owner().userId();
  }

  private int titleWidth() {
    // What the id, the time, the count and the gaps between them leave.
    return context.screen().terminals().out()
        ? Math.max(20, context.screen().width() - 36 - 16 - 8 - 6)
        : TITLE_IN_FILES;
  }

  private void heading() {
    String heading = "LAST USED         MESSAGES  " + Text.fit("TITLE", titleWidth()) + "  ID";
    context.out().line(context.style().bold(heading));
  }

  private void show(Conversation each) {
    if (context.json()) {
      context.out().line(Json.text(out -> ModelJson.write(out, each)));
      return;
    }
    String title = each.title().isEmpty() ? "(no title)" : Text.oneLine(each.title());
    String marks = (each.pinned() ? "* " : "") + (archivedOf(each) ? "[archived] " : "");
    context
        .out()
        .line(
            Times.minute(each.updatedAt())
                + "  "
                + String.format("%8d", each.messageCount())
                + "  "
                + Text.fit(marks + title, titleWidth())
                + "  "
                + context.style().dim(Text.oneLine(each.id())));
  }

  private static boolean archivedOf(Conversation each) {
    return each.status() == ConversationStatus.ARCHIVED;
  }
}
