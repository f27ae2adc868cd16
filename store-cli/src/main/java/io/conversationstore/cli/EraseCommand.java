package io.conversationstore.cli;

import io.conversationstore.ConversationStore;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.cli.StoreLocation.Use;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes conversations, or everything of a user. */
@Command(
    name = "erase",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes conversations of a user, or with --everything all data of the user.",
      "Erased data cannot be brought back."
    })
final class EraseCommand implements Callable<Integer> {

  @Mixin private final StoreOptions place = new StoreOptions();
  @Mixin private final OwnerOptions owner = new OwnerOptions();

  @Parameters(arity = "0..*", paramLabel = "ID", description = "The ids of the conversations.")
  private List<String> ids = List.of();

  @Option(
      names = "--everything",
      description = "All conversations, messages and preferences of the user; needs --user.")
  private boolean everything;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  private final Context context;

  EraseCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (everything == !ids.isEmpty()) {
      throw new CommandException(
          ExitCode.USAGE, "name either the ids of conversations or --everything");
    }
    if (everything && owner.user == null) {
      throw new CommandException(ExitCode.USAGE, "--everything needs the user, with --user");
    }
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      return everything ? eraseAll(opened.store()) : delete(opened.store());
    }
  }

  private int delete(ConversationStore store) {
    Owner named = owner.owner();
    for (String id : ids) {
      if (store.find(named, id).isEmpty()) {
        throw new CommandException(
            ExitCode.NOT_FOUND,
            named.tenantId()
                + "/"
                + named.userId()
                + " has no conversation "
                + Text.oneLine(id)
                + "; nothing was deleted");
      }
    }
    context.confirm(
        yes, "deletes " + Text.count(ids.size(), "conversation") + " with all messages");
    for (String id : ids) {
      boolean deleted = store.delete(named, id);
      if (context.json()) {
        context.jsonLine(
            out -> {
              out.writeStringField("id", id);
              out.writeBooleanField("deleted", deleted);
            });
      } else {
        context.out().line(Text.oneLine(id) + (deleted ? "  deleted" : "  was deleted before"));
      }
    }
    return ExitCode.OK;
  }

  private int eraseAll(ConversationStore store) {
    Owner named = owner.owner();
    context.confirm(
        yes, "erases " + size(store, named) + " of " + named.tenantId() + "/" + named.userId());
    ErasureReceipt receipt = store.erase(named);
    if (context.json()) {
      json(receipt);
    } else {
      text(receipt);
    }
    return ExitCode.OK;
  }

  private static String size(ConversationStore store, Owner owner) {
    try {
      OwnerCounts counts = store.count(owner);
      return Text.count(counts.conversations(), "conversation")
          + " with "
          + Text.count(counts.messages(), "message");
    } catch (UnknownWhileOfflineException databaseAway) {
      return "all data";
    }
  }

  private void text(ErasureReceipt receipt) {
    for (ErasureReceipt.Removal removal : receipt.removed()) {
      context
          .out()
          .line(
              "erased from "
                  + removal.place().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                  + ": "
                  + Text.count(removal.conversations(), "conversation")
                  + ", "
                  + Text.count(removal.messages(), "message"));
    }
    if (receipt.pending()) {
      context
          .out()
          .line("the database is away: it erases when it is back; run 'conversations sync'");
    }
    receipt.notCovered().forEach(place -> context.out().line("not erased: " + place));
    context.out().line("receipt " + receipt.erasureId());
  }

  private void json(ErasureReceipt receipt) {
    context.jsonLine(
        out -> {
          out.writeStringField("erasure_id", receipt.erasureId().toString());
          out.writeStringField("at", receipt.at().toString());
          out.writeBooleanField("pending", receipt.pending());
          out.writeArrayFieldStart("removed");
          for (ErasureReceipt.Removal removal : receipt.removed()) {
            out.writeStartObject();
            out.writeStringField("place", removal.place().name().toLowerCase(Locale.ROOT));
            out.writeNumberField("conversations", removal.conversations());
            out.writeNumberField("messages", removal.messages());
            out.writeEndObject();
          }
          out.writeEndArray();
          out.writeArrayFieldStart("not_covered");
          for (String each : receipt.notCovered()) {
            out.writeString(each);
          }
          out.writeEndArray();
        });
  }
}
