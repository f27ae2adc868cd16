package io.conversationstore.cli;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoredMessage;
import io.conversationstore.cli.StoreLocation.Use;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Deletes old messages, archives idle conversations, and purges what was deleted long ago. */
@Command(
    name = "retention",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes old messages, archives idle conversations, and purges deleted rows, of all users.",
      "Run it with --dry-run first: it counts and changes nothing."
    })
final class RetentionCommand implements Callable<Integer> {

  private static final int PAGE = 500;

  @Mixin private final StoreOptions place = new StoreOptions();

  @Option(
      names = "--delete-older",
      paramLabel = "DAYS",
      converter = Days.class,
      description = "Delete messages created more days ago, except in pinned conversations.")
  private @Nullable Duration age;

  @Option(
      names = "--archive-idle",
      paramLabel = "DAYS",
      converter = Days.class,
      description = "Archive conversations that were not used for so many days.")
  private @Nullable Duration idle;

  @Option(
      names = "--purge-deleted",
      paramLabel = "DAYS",
      converter = Days.class,
      description = {
        "Remove the rows of what was deleted more days ago; more days than any node is offline.",
      })
  private @Nullable Duration purge;

  @Option(
      names = "--dry-run",
      description = {
        "Count what would go. In a database it counts one tenant, and it never counts a purge."
      })
  private boolean dryRun;

  @Option(
      names = {"-t", "--tenant"},
      paramLabel = "TENANT",
      description = "The tenant that a dry run counts.")
  private @Nullable String tenant;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  private final Context context;

  RetentionCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (age == null && idle == null && purge == null) {
      throw new CommandException(
          ExitCode.USAGE, "name --delete-older, --archive-idle or --purge-deleted");
    }
    return dryRun ? count() : run();
  }

  private int run() {
    if (tenant != null) {
      throw new CommandException(
          ExitCode.USAGE, "--tenant is for --dry-run only: retention is for all tenants");
    }
    try (OpenStore opened = place.open(context, Use.EXISTING)) {
      context.confirm(yes, action());
      StoreOperator operator = opened.store().operator();
      Duration deleteAge = age;
      if (deleteAge != null) {
        result("messages deleted", operator.deleteMessagesOlderThan(deleteAge));
      }
      Duration archiveIdle = idle;
      if (archiveIdle != null) {
        result("conversations archived", operator.archiveIdle(archiveIdle));
      }
      Duration purgeAge = purge;
      if (purgeAge != null) {
        result("rows purged", operator.purgeDeleted(purgeAge));
      }
      return ExitCode.OK;
    }
  }

  private String action() {
    StringBuilder action = new StringBuilder();
    add(action, age, "deletes the messages of all users older than ");
    add(action, idle, "archives conversations of all users idle for ");
    add(action, purge, "purges what was deleted before ");
    return action.toString();
  }

  private static void add(StringBuilder action, @Nullable Duration days, String what) {
    if (days != null) {
      action.append(action.isEmpty() ? "" : ", ").append(what);
      action.append(Text.count(days.toDays(), "day"));
    }
  }

  private int count() {
    StoreLocation location = place.location(context);
    List<Owner> owners = Owners.of(location, tenant, context);
    Instant now = Instant.now();
    try (OpenStore opened = location.open(Use.EXISTING)) {
      Duration deleteAge = age;
      if (deleteAge != null) {
        long messages = 0;
        for (Owner owner : owners) {
          messages += older(opened.store(), owner, now.minus(deleteAge));
        }
        result("messages would be deleted", messages);
      }
      Duration archiveIdle = idle;
      if (archiveIdle != null) {
        long conversations = 0;
        for (Owner owner : owners) {
          conversations += idle(opened.store(), owner, now.minus(archiveIdle));
        }
        result("conversations would be archived", conversations);
      }
      if (purge != null) {
        context.screen().note("a dry run cannot count a purge");
      }
      return ExitCode.OK;
    }
  }

  private long older(ConversationStore store, Owner owner, Instant cutoff) {
    Set<String> pinned = new HashSet<>();
    ConversationQuery pins = ConversationQuery.all().withPinned(true).withLimit(PAGE);
    boolean more = true;
    while (more) {
      Page<Conversation> page = store.list(owner, pins);
      page.forEach(each -> pinned.add(each.id()));
      pins = pins.withCursor(page.cursor());
      more = page.hasMore();
    }
    long count = 0;
    MessageQuery query = MessageQuery.first(PAGE);
    more = true;
    while (more) {
      context.interruption().check();
      Page<StoredMessage> page = store.history(owner, query);
      more = page.hasMore();
      for (StoredMessage message : page) {
        if (!message.createdAt().isBefore(cutoff)) {
          more = false;
        } else if (!pinned.contains(message.conversationId())) {
          count++;
        }
      }
      query = query.withCursor(page.cursor());
    }
    return count;
  }

  private static long idle(ConversationStore store, Owner owner, Instant cutoff) {
    long count = 0;
    ConversationQuery query =
        ConversationQuery.all()
            .withStatus(ConversationStatus.ACTIVE)
            .withUpdatedBefore(cutoff)
            .withLimit(PAGE);
    boolean more = true;
    while (more) {
      Page<Conversation> page = store.list(owner, query);
      count += page.size();
      query = query.withCursor(page.cursor());
      more = page.hasMore();
    }
    return count;
  }

  private void result(String what, long count) {
    if (context.json()) {
      context.jsonLine(out -> out.writeNumberField(what.replace(' ', '_'), count));
    } else {
      context.out().line(count + " " + what);
    }
  }
}
