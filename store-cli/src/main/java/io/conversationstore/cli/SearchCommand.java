package io.conversationstore.cli;

import io.conversationstore.Page;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.cli.StoreLocation.Use;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds messages by their words. */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    description = "Finds the messages of a user that have all of these words, newest first.")
final class SearchCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(arity = "1..*", paramLabel = "WORD", description = "The words.")
  private List<String> words = List.of();

  @Option(
      names = {"-c", "--conversation"},
      paramLabel = "ID",
      description = "Only in this conversation.")
  private @Nullable String conversation;

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      defaultValue = "20",
      description = "At most so many, up to 1000. Default: ${DEFAULT-VALUE}.")
  private int limit;

  private final Context context;

  SearchCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    SearchQuery query =
        SearchQuery.of(String.join(" ", words)).withConversationId(conversation).withLimit(limit);
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      Page<SearchHit> hits = opened.store().search(owner.owner(), query);
      for (SearchHit hit : hits) {
        show(hit);
      }
      if (hits.size() == 0) {
        context.screen().note("no message has these words");
      } else if (hits.hasMore() && !context.json()) {
        context.screen().note("there are more; -n shows more");
      }
      return ExitCode.OK;
    }
  }

  private void show(SearchHit hit) {
    StoredMessage message = hit.message();
    if (context.json()) {
      context.out().line(Json.text(out -> ModelJson.write(out, message)));
      return;
    }
    Style style = context.style();
    context
        .out()
        .line(
            style.bold(message.role().wireName())
                + style.dim(
                    "  " + Times.second(message.createdAt()) + "  " + message.conversationId()));
    for (String line : Text.wrap(Text.oneLine(hit.snippet()), context.screen().width() - 2)) {
      context.out().line("  " + line);
    }
  }
}
