package io.conversationstore.cli;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a conversation. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = {
      "Shows a conversation with its tool calls.",
      "With --json: its header, then each message, one object per line."
    })
final class ShowCommand implements Callable<Integer> {

  /** Lines of a tool's arguments or result. */
  private static final int MOST_LINES = 12;

  private static final int PAGE = 200;

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(paramLabel = "ID", description = "The id of the conversation, as in 'list'.")
  private String id = "";

  @Option(
      names = "--last",
      paramLabel = "N",
      description = "Only the last messages, 1 to 1000 of them.")
  private int last;

  @Option(names = "--full", description = "All lines of long tool calls and results.")
  private boolean full;

  private final Context context;

  ShowCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      ConversationStore store = opened.store();
      Owner named = owner.owner();
      Conversation conversation = store.find(named, id).orElseThrow(() -> notThere(named));
      if (context.json()) {
        context.out().line(Json.text(out -> ModelJson.write(out, conversation)));
      } else {
        heading(conversation);
      }
      MessageView view =
          new MessageView(
              context.out(), context.style(), context.screen().width(), full ? 0 : MOST_LINES);
      MessageQuery query = last > 0 ? MessageQuery.last(last) : MessageQuery.first(PAGE);
      boolean more = true;
      while (more) {
        Page<StoredMessage> page = store.messages(named, id, query);
        for (StoredMessage message : page) {
          if (context.json()) {
            context.out().line(Json.text(out -> ModelJson.write(out, message)));
          } else {
            view.show(message);
          }
        }
        query = query.withCursor(page.cursor());
        more = last == 0 && page.hasMore();
      }
      return ExitCode.OK;
    } catch (ConversationNotFoundException e) {
      throw new CommandException(ExitCode.NOT_FOUND, String.valueOf(e.getMessage()), e);
    }
  }

  private CommandException notThere(Owner named) {
    return new CommandException(
        ExitCode.NOT_FOUND,
        named.tenantId()
            + "/"
            + named.userId()
            + " has no conversation "
            + Text.oneLine(id)
            + "; 'conversations list' shows the ids"
            + (owner.isGiven() ? "" : ", --tenant and --user name another user"));
  }

  private void heading(Conversation conversation) {
    Style style = context.style();
    String title = conversation.title().isEmpty() ? "(no title)" : conversation.title();
    for (String line : Text.wrap(Text.oneLine(title), context.screen().width())) {
      context.out().line(style.bold(line));
    }
    StringBuilder facts = new StringBuilder(Text.oneLine(conversation.id()));
    facts.append("  ").append(Text.count(conversation.messageCount(), "message"));
    facts.append("  ").append(Times.minute(conversation.createdAt()));
    if (!Times.minute(conversation.createdAt()).equals(Times.minute(conversation.updatedAt()))) {
      facts.append(" to ").append(Times.minute(conversation.updatedAt()));
    }
    if (conversation.usage().totalTokens() > 0) {
      facts.append("  ").append(Text.count(conversation.usage().totalTokens(), "token"));
    }
    if (conversation.status() == ConversationStatus.ARCHIVED) {
      facts.append("  archived");
    }
    if (conversation.pinned()) {
      facts.append("  pinned");
    }
    if (!conversation.tags().isEmpty()) {
      facts.append("  ").append(Text.oneLine(String.join(", ", conversation.tags())));
    }
    context.out().line(style.dim(facts.toString()));
  }
}
