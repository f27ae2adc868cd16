package io.conversationstore.hybrid;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Merges a directory that was filled without a database into another store, from code or from the
 * command line. It is not needed to start using a database: a store opened with the directory and a
 * database sends the directory's contents by itself. Use it to merge two directories, or to handle
 * conversations whose ids both have in another way than joining them:
 *
 * <pre>
 * java -cp … io.conversationstore.hybrid.DirectoryImport DIRECTORY join|rename|skip
 * </pre>
 *
 * <p>On the command line the target is the store that the environment asks for ({@link
 * ConversationStores}); it must use another directory. The source directory is not changed.
 *
 * <p>Messages keep their ids and times. An interrupted import is simply run again: conversations
 * already copied are recognised by the ids of their first messages, and nothing is doubled. Live
 * conversations, messages and preferences are copied; deleted ones are not. Thread-safe, but the
 * directory must not be open elsewhere.
 */
public final class DirectoryImport {

  /** Handling of a conversation whose id the same owner already uses in the target. */
  public enum Collision {
    /** Its messages are appended to the existing one, which keeps its title and other fields. */
    JOIN,
    /** It is copied under its id plus a suffix that is the same at each import. */
    RENAME,
    /** It is not copied. */
    SKIP
  }

  /**
   * The result of an import.
   *
   * @param conversations copied, including joined and renamed ones
   * @param messages of these; some may stem from an earlier, interrupted import
   */
  public record Report(long conversations, long messages, long joined, long renamed, long skipped) {
    private static final Report NOTHING = new Report(0, 0, 0, 0, 0);

    private Report plus(Report that) {
      return new Report(
          conversations + that.conversations,
          messages + that.messages,
          joined + that.joined,
          renamed + that.renamed,
          skipped + that.skipped);
    }
  }

  private static final int PAGE = 100;
  private static final long MAX_CONTENT = 1L << 20;

  private final LocalStore from;
  private final ConversationStore into;
  private final Collision collision;

  private DirectoryImport(LocalStore from, ConversationStore into, Collision collision) {
    this.from = from;
    this.into = into;
    this.collision = collision;
  }

  /**
   * Copies the directory.
   *
   * @throws StoreConfigurationException if the directory belongs to a database, which has its
   *     contents
   * @throws ConversationStoreException if the store rejects something; conversations already copied
   *     stay
   */
  public static Report run(JsonFileOptions directory, ConversationStore into, Collision collision) {
    try (LocalStore from = JsonFileStore.openEngine(directory)) {
      if (from.identity().storeId() != null) {
        throw new StoreConfigurationException(
            "the directory is the local copy of a database and cannot be imported: the database has"
                + " its contents, and a store that opens it with that database sends its pending"
                + " changes");
      }
      if (from.hasPending()) {
        throw new StoreConfigurationException(
            "the directory contains changes that wait for a database; open it with that database to"
                + " send its contents");
      }
      DirectoryImport run = new DirectoryImport(from, into, collision);
      Report report = Report.NOTHING;
      for (OwnerState owner : from.mirroredOwners()) {
        report = report.plus(run.owner(owner.owner()));
      }
      return report;
    }
  }

  private Report owner(Owner owner) {
    Report report = Report.NOTHING;
    Map<String, String> names = new HashMap<>();
    for (String id : from.mirroredConversations(owner)) {
      ConversationState conversation = from.find(owner, id).live();
      if (conversation != null) {
        report = report.plus(conversation(conversation, names));
      }
    }
    preferences(owner, names);
    return report;
  }

  private Report conversation(ConversationState conversation, Map<String, String> names) {
    Owner owner = conversation.owner();
    String id = conversation.id();
    boolean taken = into.find(owner, id).filter(there -> !isCopy(conversation, there)).isPresent();
    if (taken && collision == Collision.SKIP) {
      return new Report(0, 0, 0, 0, 1);
    }
    boolean renamed = taken && collision == Collision.RENAME;
    String name = renamed ? another(id) : id;
    names.put(id, name);
    long messages = copy(conversation, name);
    return new Report(1, messages, taken && !renamed ? 1 : 0, renamed ? 1 : 0, 0);
  }

  /**
   * Whether the conversation under an id was copied from this directory before, judged by its first
   * messages.
   */
  private boolean isCopy(ConversationState conversation, Conversation there) {
    Set<UUID> here =
        live(conversation, 0).messages.stream()
            .map(MessageState::messageId)
            .collect(Collectors.toSet());
    if (here.isEmpty()) {
      return there.title().equals(conversation.requireLive().title());
    }
    return into
        .messages(conversation.owner(), conversation.id(), MessageQuery.first(1_000))
        .stream()
        .anyMatch(message -> here.contains(message.id()));
  }

  private String another(String id) {
    String part = "-" + from.identity().node().toString().substring(0, 8);
    int most = Owner.MAX_ID_LENGTH - part.length();
    if (id.length() <= most) {
      return id + part;
    }
    boolean half = Character.isHighSurrogate(id.charAt(most - 1));
    return id.substring(0, half ? most - 1 : most) + part;
  }

  private long copy(ConversationState conversation, String name) {
    Owner owner = conversation.owner();
    Live live = conversation.requireLive();
    boolean there = into.find(owner, name).isPresent();
    NewConversation header =
        into.find(owner, name)
            .map(
                found ->
                    NewConversation.ofId(name)
                        .withTitle(found.title())
                        .withSettings(found.settings())
                        .withMetadata(found.metadata())
                        .withTags(found.tags().toArray(String[]::new))
                        .withPinned(found.pinned())
                        .withExpiresAt(found.expiresAt()))
            .orElseGet(
                () ->
                    NewConversation.ofId(name)
                        .withTitle(live.title())
                        .withSettings(live.settings())
                        .withMetadata(live.metadata())
                        .withTags(live.tags().toArray(String[]::new))
                        .withPinned(live.pinned())
                        .withExpiresAt(live.expiresAt()));
    long messages = 0;
    long seq = 0;
    Page page;
    do {
      page = live(conversation, seq);
      List<ConversationDocument.Entry> entries = new ArrayList<>();
      for (MessageState each : page.messages) {
        StoredMessage stored = each.requireLive();
        entries.add(
            ConversationDocument.Entry.of(stored.message().withId(stored.id()))
                .withCreatedAt(stored.createdAt()));
      }
      into.save(owner, ConversationDocument.ofEntries(header, entries));
      messages += entries.size();
      seq = page.end;
    } while (page.more);
    if (!there && live.status() == ConversationStatus.ARCHIVED) {
      into.update(owner, name, ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED));
    }
    return messages;
  }

  /** Some live messages and the position after them. */
  private record Page(List<MessageState> messages, long end, boolean more) {}

  private Page live(ConversationState conversation, long after) {
    List<MessageState> messages = new ArrayList<>();
    long end = after;
    long content = 0;
    List<MessageState> rows;
    do {
      rows = from.mirroredMessages(conversation.owner(), conversation.id(), end, PAGE);
      for (MessageState row : rows) {
        end = row.seq();
        if (row.isLive()) {
          messages.add(row);
          content += ContentSize.of(row);
          if (messages.size() == PAGE || content > MAX_CONTENT) {
            return new Page(messages, end, end < conversation.lastSeq());
          }
        }
      }
    } while (!rows.isEmpty());
    return new Page(messages, end, false);
  }

  /** Copies preferences that the owner has not set in the target. */
  private void preferences(Owner owner, Map<String, String> names) {
    PreferencesState here = from.preferences(owner);
    Preferences there = into.preferences(owner);
    PreferencesUpdate update = PreferencesUpdate.none();
    String active = names.get(String.valueOf(here.activeConversation()));
    if (active != null && there.activeConversation() == null) {
      update = update.withActiveConversation(active);
    }
    if (here.selectedModel() != null && there.selectedModel() == null) {
      update = update.withSelectedModel(here.selectedModel());
    }
    if (update.setsActiveConversation() || update.setsSelectedModel()) {
      into.updatePreferences(owner, update);
    }
  }

  /** The command line: exits with 0 if everything was copied, 1 if not, 2 for wrong arguments. */
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.exit(run(arguments, System.getenv(), out));
  }

  static int run(String[] arguments, Map<String, String> environment, PrintStream out) {
    Collision collision = arguments.length == 2 ? collision(arguments[1]) : null;
    if (collision == null) {
      out.println("usage: DirectoryImport DIRECTORY join|rename|skip");
      return 2;
    }
    try (ConversationStore into = ConversationStores.from(environment)) {
      Report report = run(JsonFileOptions.in(Path.of(arguments[0])), into, collision);
      out.printf(
          "copied %d conversations with %d messages; %d joined others, %d renamed, %d skipped%n",
          report.conversations(),
          report.messages(),
          report.joined(),
          report.renamed(),
          report.skipped());
      return 0;
    } catch (ConversationStoreException e) {
      out.println(e.getMessage());
      return 1;
    }
  }

  private static @Nullable Collision collision(String name) {
    for (Collision each : Collision.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(name)) {
        return each;
      }
    }
    return null;
  }
}
